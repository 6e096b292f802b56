#!/bin/bash
# Kills the runner of assignment $1 as it stands, frozen: says "killed". One that has been thawed meanwhile may have a job by now: says "thawed".
set -eu
here=/usr/lib/runpool
if cgroup=$("$here/runner-cgroup.sh" "$1"); then
  if ! grep -q '^frozen 1' "$cgroup/cgroup.events"; then
    echo thawed
    exit 0
  fi
  echo 1 >"$cgroup/cgroup.kill"
fi
"$here/runner-kill.sh" "$1"
echo killed
