#!/bin/bash
# The agent: bundle, units, users, nftables rule (agent/hosts/systemd/units/install.sh), and the image's spec beside it for doctor and check.
set -eu
here=$(dirname "$0")
. "$here/fetch.sh"
agent=$RUNPOOL_PAYLOAD/agent
bash "$agent/install.sh" "$agent/agent.mjs" "$RUNPOOL_WORK/node/bin/node" "$RUNPOOL_WORK/runner"
# Enabled, it would otherwise fail again and again until user data has written what it is told.
install -D -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-agent-image.conf" /usr/lib/systemd/system/runpool-agent.service.d/image.conf
rm -rf /usr/lib/runpool/spec
cp -r "$RUNPOOL_PAYLOAD/spec" /usr/lib/runpool/spec
chown -R root:root /usr/lib/runpool/spec
chmod -R go-w,a+rX /usr/lib/runpool/spec
if [ "$RUNPOOL_DOCKER_FOR_JOBS" = true ]; then usermod -aG docker runpool-job; fi
record RUNPOOL_VARIANT "$(source_of variant 2)"
record RUNPOOL_AGENT_VERSION "$(source_of agent 2)"
record RUNPOOL_AGENT_SHA256 "$(sha256sum <"$agent/agent.mjs" | cut -d ' ' -f 1)"
for user in runpool runpool-job; do id "$user" >/dev/null; done
/usr/lib/runpool/node --check /usr/lib/runpool/agent.mjs
nft --check --file /usr/lib/runpool/runpool.nft
systemctl --quiet is-enabled runpool-agent.service runpool-boot-watchdog.timer runpool-firewall.service
