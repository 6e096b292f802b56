#!/bin/bash
# Powers the machine off once the deadline that the agent wrote has passed. $1 = must-exist: also where there is none of this boot.
# The file holds the boot's id and a moment in seconds since boot: no clock that can be set has a say.
set -u
boot='' at=''
read -r boot at _ < <(setpriv --reuid runpool --regid runpool --clear-groups -- \
  head -c 200 /var/lib/runpool/agent/deadline 2>/dev/null)
read -r now _ </proc/uptime
now=${now%.*}
if [ "$boot" != "$(cat /proc/sys/kernel/random/boot_id)" ] || ! [[ $at =~ ^[0-9]{1,12}$ ]]; then
  [ "$1" = must-exist ] || exit 0
  echo "powering off: the agent has not become ready $now s after boot"
elif [ "$now" -lt "$at" ]; then
  exit 0
else
  echo "powering off: the deadline, $at s after boot, has passed: it is $now s"
fi
systemctl poweroff --no-block
