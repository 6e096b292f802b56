#!/bin/bash
# Destroys everything of assignment $1: processes of the job's user wherever they are, its root, and what it left elsewhere.
set -u
n=$1
/usr/lib/runpool/runner-kill.sh "$n"
systemctl stop "runpool-reclaim@$n.service" 2>/dev/null
for _ in {1..1000}; do
  pkill -KILL -u runpool-job || break
  sleep 0.01
done
# 1: there is none. Anything else, such as a missing pgrep, does not say so.
pgrep -u runpool-job >/dev/null
[ $? = 1 ] || { echo "processes of runpool-job do not die, or cannot be looked for"; exit 75; }
cd /var/lib/runpool/runners || exit 1
rm -f "/run/runpool/runners/$n.env"
[ ! -e "$n" ] || mv "$n" "gone-$n-$(date +%s%N)"
# Nothing of the job's user should exist outside its root, since the unit lets it write nowhere else. Look all the same.
find /tmp /var/tmp /dev/shm /run/lock /var/spool/cron /var/lib/systemd/linger -xdev -user runpool-job -delete 2>/dev/null
/usr/lib/runpool/runner-traces.sh
# What docker does not let go of would be the next run's: then this is not done, and asked for again.
/usr/lib/runpool/docker-empty.sh || exit
# Jobs that use docker see the host's own temporary folders, and what their containers leave there is root's: all of it that is newer than the root.
laid=$(compgen -G "gone-$n-*/laid" | head -n 1)
if [ -n "$laid" ] && systemctl show -P SupplementaryGroups "runpool-runner@$n.service" | grep -qw docker; then
  find /tmp /var/tmp /dev/shm -xdev -mindepth 1 ! -path '*/systemd-private-*' ! -path '*/snap-private-tmp*' -newercm "$laid" -delete 2>/dev/null
fi
# What containers have mounted in it goes first; where it does not, it is not emptied with the root: that is removed where mounts are not seen.
awk 'index($5, "/var/lib/runpool/runners/gone-") == 1 { print $5 }' /proc/self/mountinfo | tac |
  while read -r place; do umount --lazy -- "$(printf %b "$place")"; done
# A big work folder takes its time: beside, not before the next run.
systemd-run --quiet --collect --property=IOSchedulingClass=idle --property=ProtectSystem=strict --property=MountFlags=private \
  --property=BindPaths=/var/lib/runpool/runners:/var/lib/runpool/runners:norbind sh -c 'rm -rf /var/lib/runpool/runners/gone-*'
