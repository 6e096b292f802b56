#!/bin/bash
# Freezes the runner of assignment $1 and looks for a job: one is there: thaws it, says "busy"; none: kills it as it stands, says "stopped".
# Check and stop are one step, so no job that has begun is ever hit.
set -eu
n=$1
here=/usr/lib/runpool
if ! cgroup=$("$here/runner-cgroup.sh" "$n"); then
  echo stopped
  exit 0
fi
trap 'echo 0 >"$cgroup/cgroup.freeze" 2>/dev/null || true' EXIT
echo 1 >"$cgroup/cgroup.freeze"
for _ in {1..500}; do
  ! grep -q '^frozen 1' "$cgroup/cgroup.events" || break
  sleep 0.01
done
grep -q '^frozen 1' "$cgroup/cgroup.events" || { echo "the cgroup does not freeze"; exit 75; }
main=$(systemctl show -P MainPID "runpool-runner@$n.service")
while read -r pid; do
  # A command line and a log are as long as a job makes them: of each only a part is read.
  name=$(head -c 8192 "/proc/$pid/cmdline" 2>/dev/null | tr '\0' '\n' | head -n 1) || continue
  parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || continue
  # A child of the listener that is no worker yet is just becoming one.
  if [ "${name##*/}" = Runner.Worker ] || { [ "$main" != 0 ] && [ "$parent" = "$main" ]; }; then
    echo busy
    exit 0
  fi
done <"$cgroup/cgroup.procs"
# It says that it runs a job before it renews GitHub's lock upon it, and only then starts the worker (JobDispatcher.cs, RunAsync): that job is
# taken, and nobody else would get it. Where it gives such a job up it says nothing more: so for a minute only.
log=/var/lib/runpool/runners/$n/listener.log
if [[ $(tail -c 8192 "$log" | tr -d '\0' | tail -n 1) == *": Running job: "* ]] && [ -n "$(find "$log" -newermt '-60 seconds')" ]; then
  echo busy
  exit 0
fi
echo 1 >"$cgroup/cgroup.kill"
trap - EXIT
"$here/runner-kill.sh" "$n"
echo stopped
