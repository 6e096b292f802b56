#!/bin/bash
# Lets the runner of assignment $1 go on; where it is not frozen, does nothing.
set -eu
cgroup=$(/usr/lib/runpool/runner-cgroup.sh "$1") || exit 0
echo 0 >"$cgroup/cgroup.freeze"
