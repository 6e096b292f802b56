#!/bin/bash
# Installs units and scripts from this folder, the agent's bundle $1, the node binary $2 and the runner's distribution $3.
# Run as root on the image; the machine's settings are /etc/runpool/agent.env.
set -eu
[ $# = 3 ] || { echo "usage: install.sh BUNDLE NODE RUNNER" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
lib=/usr/lib/runpool
install -d "$lib" /etc/runpool /etc/systemd/system
install -m 0755 "$here"/*.sh "$lib"
rm -f "$lib/install.sh"
install -m 0644 "$here/runpool.nft" "$here/prepare-as-job.conf" "$lib"
install -m 0644 /dev/null "$lib/empty.env"
install -m 0644 "$1" "$lib/agent.js"
install -m 0755 "$2" "$lib/node"
rm -rf "$lib/runner"
cp -a "$3" "$lib/runner"
chown -R root:root "$lib/runner"
chmod -R go-w,a+rX "$lib/runner"
install -d "$lib/runner/externals"
install -m 0644 "$here"/*.service "$here"/*.path "$here"/*.timer "$here"/*.slice /etc/systemd/system
install -m 0644 "$here/runpool.sysusers" /usr/lib/sysusers.d/runpool.conf
install -m 0644 "$here/runpool.tmpfiles" /usr/lib/tmpfiles.d/runpool.conf
systemd-sysusers /usr/lib/sysusers.d/runpool.conf
systemd-tmpfiles --create /usr/lib/tmpfiles.d/runpool.conf
systemctl daemon-reload
systemctl enable runpool-boot-watchdog.timer runpool-firewall.service runpool-request.path runpool-deadline.timer runpool-agent.service
