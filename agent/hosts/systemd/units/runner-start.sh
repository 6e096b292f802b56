#!/bin/bash
# Starts the runner of assignment $1; where it runs already, does nothing.
set -eu
set -o pipefail
n=$1
unit=runpool-runner@$n.service
root=/var/lib/runpool/runners/$n
! systemctl is-active --quiet "$unit" || exit 0
/usr/lib/runpool/runner-lay.sh "$n"
environment=/run/runpool/runners/$n.env
# What a listener is told beside the unit's own words. By name, a line each and closed on it: of anything else, what a shell or the loader
# would run (BASH_ENV, LD_PRELOAD), nothing passes from the agent into root's units.
names='ACTIONS_RUNNER_HOOK_JOB_(STARTED|COMPLETED)|ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE|RUNPOOL_(ONLY_RUNS|HOOK_STARTED|HOOK_COMPLETED)'
# Read as the agent's user, so that it can hand over nothing that it cannot read itself.
handed=$(setpriv --reuid runpool --regid runpool --clear-groups -- \
  head -c 65536 "/var/lib/runpool/agent/handover/$n/environment" | tr -d '\0\r')
LC_ALL=C grep -aE "^($names)=\"([^\"\\]|\\\\.)*\"\$" <<<"$handed" >"$environment.new" || [ $? = 1 ]
mv "$environment.new" "$environment"
rm -f "$root/ended"
echo "--- runpool starts the listener ---" >>"$root/listener.log"
systemctl reset-failed "$unit" 2>/dev/null || true
systemctl start "$unit"
