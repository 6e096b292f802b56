#!/bin/bash
# The image's spec: what a finished image must have. Run on the machine, as root: check.sh image (before the snapshot, or on your own AMI),
# check.sh booted (on a running instance: the agent's doctor). Says each thing that it checked, and which of it were stand-ins; 1: something is missing.
set -u
phase=${1:-image}
here=$(cd "$(dirname "$0")" && pwd)
lib=/usr/lib/runpool
checked=0 failed=0 stand_ins=0 skipped=0
ok() { checked=$((checked + 1)); echo "ok       $1"; }
bad() { checked=$((checked + 1)) failed=$((failed + 1)); echo "MISSING  $1${2:+: $2}"; }
# That something could be judged only by what stands for it here.
stand_in() { stand_ins=$((stand_ins + 1)); echo "STAND-IN $1"; }
skip() { skipped=$((skipped + 1)); echo "SKIPPED  $1: $2"; }
# holds WORDS COMMAND...: the command's last words are the reason where it fails.
holds() {
  local words=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$words"; else bad "$words" "$(tail -n 1 <<<"$said")"; fi
}
equals() { # words found wanted
  if [ "$2" = "$3" ]; then ok "$1 is $3"; else bad "$1 is $3" "it is \"$2\""; fi
}
# nothing WORDS FOUND: holds where FOUND is empty.
nothing() { if [ -z "$2" ]; then ok "$1"; else bad "$1" "$(head -n 3 <<<"$2" | tr '\n' ' ')"; fi; }
has_unit() { [ -e "/etc/systemd/system/$1" ] || [ -e "/usr/lib/systemd/system/$1" ] || [ -e "/lib/systemd/system/$1" ]; }
case $phase in image | booted) ;; *) echo "check.sh image | booted" >&2; exit 64 ;; esac
[ "$(id -u)" = 0 ] || { echo "run as root: much of what is checked is for nobody else to read" >&2; exit 64; }
# shellcheck source=/dev/null
[ ! -r "$lib/image.env" ] || . "$lib/image.env"
for part in versions units users files secrets ports; do
  echo "-- $part"
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done
echo "$checked checked, $failed missing, $stand_ins on stand-ins, $skipped skipped"
[ "$failed" = 0 ]
