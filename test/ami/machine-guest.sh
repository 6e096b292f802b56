#!/bin/bash
# machine-guest.sh RESULTS: runs in the guest, a baked root that has booted but was told nothing: `runpool ami check` and the doctor's part judge it by
# the spec that it carries, as it is and with a port open. In RESULTS: check-<phase>, doctor-as-it-is and doctor-open as JSON, codes.
set -u
results=$1 node=/usr/lib/runpool/node
project=$(cd "$(dirname "$0")/../.." && pwd)
# No checkout of runpool lies here: the machine's own spec is what counts.
cd /
for phase in image booted; do
  "$node" "$project/entry/cli/cli.ts" ami check --phase "$phase" --json >"$results/check-$phase"
  echo "$phase $?" >>"$results/codes"
done
printf '[Socket]\nListenStream=2323\nAccept=yes\n' >/run/systemd/system/planted.socket
printf '[Service]\nExecStart=/bin/true\n' >'/run/systemd/system/planted@.service'
systemctl daemon-reload
for state in as-it-is open; do
  [ "$state" = as-it-is ] || systemctl start planted.socket
  "$node" "$project/test/ami/boot-guest.ts" "$results/doctor-$state" doctor
done
systemctl stop planted.socket
