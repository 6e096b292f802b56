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
# A line each and closed on it, by the names that the forge's part allows: of anything else, what a shell or the loader would run (BASH_ENV,
# LD_PRELOAD), nothing passes from the agent into root's units.
# shellcheck source=../../../runners/github/units/forge.sh
. /usr/lib/runpool/forge.sh
# Read as the agent's user, so that it can hand over nothing that it cannot read itself.
handed=$(setpriv --reuid runpool --regid runpool --clear-groups -- \
  head -c 65536 "/var/lib/runpool/agent/handover/$n/environment" | tr -d '\0\r')
LC_ALL=C grep -aE "^($names)=\"([^\"\\]|\\\\.)*\"\$" <<<"$handed" >"$environment.new" || [ $? = 1 ]
mv "$environment.new" "$environment"
rm -f "$root/ended"
echo "--- runpool starts the listener ---" >>"$root/listener.log"
systemctl reset-failed "$unit" 2>/dev/null || true
systemctl start "$unit"
