#!/bin/bash
# Installs units and scripts from this folder, the agent's bundle $1, the node binary $2 and the runner's distribution $3;
# by default these lie beside this script. Run as root; the machine's settings are /etc/runpool/*.env.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bundle=${1:-$here/agent.mjs} node=${2:-$here/node} runner=${3:-$here/runner}
lib=/usr/lib/runpool
install -d "$lib" /etc/runpool /usr/lib/systemd/system
for script in "$here"/*.sh; do
  [ "$script" = "$here/install.sh" ] || install -m 0755 "$script" "$lib"
done
install -m 0644 "$here/runpool.nft" "$here"/*.conf "$lib"
install -D -m 0644 "$here/forge.conf" '/usr/lib/systemd/system/runpool-runner@.service.d/forge.conf'
install -m 0644 /dev/null "$lib/empty.env"
# Nothing upgrades by itself under a running job, in a baked image and in a stock one: it would restart the job's runner or docker.
install -D -m 0644 "$here/runpool-needrestart.conf" /etc/needrestart/conf.d/runpool.conf
[ ! -d /etc/apt/apt.conf.d ] || echo 'APT::Periodic::Enable "0";' >/etc/apt/apt.conf.d/99runpool
install -m 0644 "$bundle" "$lib/agent.mjs"
install -m 0755 "$node" "$lib/node"
rm -rf "$lib/runner"
cp -a "$runner" "$lib/runner"
install -d "$lib/runner/externals"
chown -R root:root "$lib/runner"
chmod -R go-w,a+rX "$lib/runner"
install -m 0644 "$here"/*.service "$here"/*.path "$here"/*.timer "$here"/*.slice /usr/lib/systemd/system
install -D -m 0644 "$here/runpool.sysusers" /usr/lib/sysusers.d/runpool.conf
install -D -m 0644 "$here/runpool.tmpfiles" /usr/lib/tmpfiles.d/runpool.conf
systemd-sysusers runpool.conf
systemd-tmpfiles --create runpool.conf
# Node.js keeps caches by user: the agent's own makes it, then it is root's. Without it the agent only starts more slowly.
cache=$lib/compile-cache
rm -rf "$cache"
install -d -o runpool -g runpool "$cache"
setpriv --reuid runpool --regid runpool --clear-groups -- \
  "$lib/node" --input-type=module - "$lib/agent.mjs" "$cache" <"$here/rehearse.mjs" || echo "no compile cache was made"
chown -R root:root "$cache"
chmod -R go-w,a+rX "$cache"
systemctl daemon-reload
systemctl enable runpool-boot-watchdog.timer runpool-firewall.service runpool-request.path runpool-deadline.timer \
  runpool-agent.service
