#!/bin/bash
# Upgrades, on a stock machine that is about to serve: the units of boot-time.tsv that upgrade by themselves, or collect crashes, are masked and stopped.
# A baked image has them disabled with all others (boot-time.sh).
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
while IFS=$'\t' read -r unit reason; do
  [[ $reason == upgrades:* || $reason == "crash reports:"* ]] || continue
  has_unit "$unit" || continue
  systemctl --quiet mask "$unit"
  # An upgrade that is under way ends first: its locks are waited for (apt-care.sh).
  [ ! -d /run/systemd/system ] || systemctl --quiet --no-block stop "$unit" || true
  [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = masked ] || { echo "$unit is not masked"; exit 1; }
  echo "off: $unit ($reason)"
done <"$here/boot-time.tsv"
