#!/bin/bash
# Writes down how the listener of assignment $1 ended, for the agent: systemd.exec(5) has the variables.
set -u
root=/var/lib/runpool/runners/$1
[ -d "$root" ] || exit 0
printf '%s %s %s\n' "${EXIT_CODE:-unknown}" "${EXIT_STATUS:-unknown}" "${SERVICE_RESULT:-unknown}" >"$root/.ended"
mv -f "$root/.ended" "$root/ended"
