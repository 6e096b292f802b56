#!/bin/bash
# Freezes the runner of assignment $1 with everything in its cgroup; where it has none there is nothing to freeze. 75: it does not freeze, and runs on.
set -eu
cgroup=$(/usr/lib/runpool/runner-cgroup.sh "$1") || exit 0
echo 1 >"$cgroup/cgroup.freeze"
for _ in {1..500}; do
  ! grep -q '^frozen 1' "$cgroup/cgroup.events" || exit 0
  sleep 0.01
done
echo 0 >"$cgroup/cgroup.freeze"
echo "the cgroup does not freeze"
exit 75
