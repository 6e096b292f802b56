#!/bin/bash
# Ends the runner of assignment $1 with everything in its cgroup, jobs included.
set -u
unit=runpool-runner@$1.service
systemctl kill --signal=KILL "$unit" 2>/dev/null
# Where it stands frozen, so would the unit's ExecStopPost=, for as long as TimeoutStopSec=. Nothing that was killed runs again.
/usr/lib/runpool/runner-thaw.sh "$1"
systemctl stop "$unit"
systemctl reset-failed "$unit" 2>/dev/null
exit 0
