#!/bin/bash
# Ends the runner of assignment $1 with everything in its cgroup, jobs included.
set -u
unit=runpool-runner@$1.service
systemctl kill --signal=KILL "$unit" 2>/dev/null
systemctl stop "$unit"
systemctl reset-failed "$unit" 2>/dev/null
exit 0
