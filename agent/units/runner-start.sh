#!/bin/bash
# Starts the runner of assignment $1; where it runs already, does nothing.
set -eu
n=$1
unit=runpool-runner@$n.service
root=/var/lib/runpool/runners/$n
! systemctl is-active --quiet "$unit" || exit 0
/usr/lib/runpool/runner-lay.sh "$n"
environment=/run/runpool/runners/$n.env
# Read as the agent's user, so that it can hand over nothing that it cannot read itself.
setpriv --reuid runpool --regid runpool --clear-groups -- \
  head -c 65536 "/var/lib/runpool/agent/handover/$n/environment" >"$environment.new"
mv "$environment.new" "$environment"
rm -f "$root/ended"
echo "--- runpool starts the listener ---" >>"$root/listener.log"
systemctl reset-failed "$unit" 2>/dev/null || true
systemctl start "$unit"
