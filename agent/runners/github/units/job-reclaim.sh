#!/bin/bash
# Sourced by the hooks: waits until what containers have left as another user in the job's folders is the job's own again.
# Only where jobs use docker (runner-docker.conf says RUNPOOL_ASKS); root's unit takes 45 s at most, and this a minute.
reclaim() {
  local ask work=${GITHUB_WORKSPACE:-}
  [ -n "${RUNPOOL_ASKS:-}" ] && [ -n "$work" ] || return 0
  # `_work/<repository>/<repository>`: the folder of all.
  work=${work%/*/*}
  [ -n "$(find "$work" "$HOME" "$TMPDIR" -xdev ! -user "$(id -u)" -print -quit 2>/dev/null)" ] || return 0
  ask=$RUNPOOL_ASKS/$$
  : >"$ask" || return 0
  for _ in {1..600}; do
    [ -e "$ask" ] || return 0
    sleep 0.1
  done
  rm -f "$ask"
  echo "::warning::Files that containers have left as root were not given back within a minute: this job may be unable to delete them."
}
