#!/bin/bash
# Cleans before the snapshot: keys, identity, cloud-init's state, logs, histories, caches. What identifies a machine is made anew at its first boot.
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
packages_clean
cloud-init clean --logs --seed >/dev/null 2>&1 || rm -rf /var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/sem
rm -f /etc/ssh/ssh_host_*key /etc/ssh/ssh_host_*key.pub
while IFS=: read -r _ _ _ _ _ home _; do
  if [ ! -d "$home" ] || [ "$home" = / ]; then continue; fi
  rm -rf "$home/.ssh" "$home"/.*_history "$home/.aws" "$home/.docker" "$home/.npmrc" "$home/.netrc" "$home/.git-credentials" \
    "$home/.cache" "$home/.wget-hsts" "$home/.lesshst" "$home/.viminfo"
done </etc/passwd
# Leases, and what crashed.
rm -rf /var/lib/dhcp/* /var/lib/NetworkManager/*.lease /var/crash/* /var/lib/systemd/coredump/*
: >/etc/machine-id
[ ! -e /var/lib/dbus/machine-id ] || ln -sf /etc/machine-id /var/lib/dbus/machine-id
rm -rf /var/lib/runpool/agent/* /var/lib/runpool/runners/* /var/lib/runpool/prepare/*
rm -f /etc/runpool/*.env /etc/runpool/first-boot.sh /etc/runpool/pre-runner.sh
find /root -maxdepth 1 -name '.*_history' -delete
# What the build itself needs to its end is taken away by all.sh.
find /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -path "$RUNPOOL_PAYLOAD" ! -path "$RUNPOOL_WORK" ! -name 'systemd-private-*' -exec rm -rf {} + 2>/dev/null || true
# Logs, random seed and the SSM agent's registration: two machines of one identity would share its sessions.
living=()
if [ -d /run/systemd/system ]; then
  living=(living)
  # On a machine that runs others write on: what logs is stopped now, and what the rest writes goes when it has stopped.
  install -m 0644 "$here/last-clean.sh" /run/runpool-last-clean.sh
  install -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-last-clean.service" /run/systemd/system
  systemctl daemon-reload
  systemctl start runpool-last-clean.service
  journalctl --relinquish-var
  bash "$here/stop-logs.sh"
fi
bash "$here/last-clean.sh" "${living[@]}"
[ ! -s /etc/machine-id ]
! compgen -G '/etc/ssh/ssh_host_*key' >/dev/null
