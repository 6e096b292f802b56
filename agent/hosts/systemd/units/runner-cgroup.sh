#!/bin/bash
# Prints the cgroup (v2) folder of the runner of assignment $1; fails where it has none.
set -u
path=$(systemctl show -P ControlGroup "runpool-runner@$1.service")
[ -n "$path" ] || exit 1
for tree in /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -e "$tree$path/cgroup.freeze" ]; then
    echo "$tree$path"
    exit 0
  fi
done
exit 1
