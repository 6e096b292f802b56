#!/bin/sh
# Boot hook, the first thing that cloud-init runs: arms the boot watchdog, then queues the first boot behind the files
# that cloud-init is about to write. Whatever hangs after this line, the machine powers off and thereby ends.
set -u

# limits.bootWatchdogMs; a test compares them. A baked image has the unit; a stock one gets a timer that does the same.
if ! systemctl start --no-block runpool-boot-watchdog.timer 2>/dev/null; then
  systemd-run --quiet --unit=runpool-first-boot-watchdog --on-active=900s \
    /bin/sh -c 'systemctl is-active --quiet runpool-agent.service || systemctl poweroff'
fi

# Not a script of cloud-init's final stage: that stage waits for much that runners do not need.
systemd-run --quiet --no-block --unit=runpool-first-boot --property=Type=oneshot \
  --property=After=cloud-init.service --property=After=cloud-init-network.service \
  --property=After=network-online.target --property=Wants=network-online.target \
  /bin/bash /etc/runpool/first-boot.sh
