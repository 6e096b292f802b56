#!/bin/bash
# Boot time: disables the units of boot-time.tsv where the system has them; the reason of each stands beside it there.
# Disabled, not stopped: what is building this image may need them.
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
while IFS=$'\t' read -r unit reason; do
  [[ $unit == *.* ]] || continue
  has_unit "$unit" || continue
  systemctl --quiet disable "$unit" 2>/dev/null || true
  # A static unit, or one that another wants, is not kept from starting by that.
  [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = disabled ] || systemctl --quiet mask "$unit"
  echo "not at boot: $unit ($reason)"
done <"$here/boot-time.tsv"
install -D -m 0644 "$here/boot-time.tsv" /usr/lib/runpool/boot-time.tsv
while IFS=$'\t' read -r unit _; do
  [[ $unit == *.* ]] || continue
  ! systemctl --quiet is-enabled "$unit" 2>/dev/null || { echo "$unit is still enabled"; exit 1; }
done <"$here/boot-time.tsv"
