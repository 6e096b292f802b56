#!/bin/bash
# The runner's job-completed hook: writes the job's end down; then the operator's own hook.
set -u
# shellcheck source=job-reclaim.sh
. "${BASH_SOURCE%/*}/job-reclaim.sh"
reclaim
if [ -n "${RUNPOOL_JOBS_FILE:-}" ]; then
  printf 'completed\t%s\t%s\t%s\t%s\n' "$(date +%s)" "${GITHUB_RUN_ID:-}" "${GITHUB_RUN_ATTEMPT:-}" "${GITHUB_JOB:-}" \
    >>"$RUNPOOL_JOBS_FILE" 2>/dev/null || true
fi
if [ -n "${RUNPOOL_HOOK_COMPLETED:-}" ]; then
  exec /bin/bash "$RUNPOOL_HOOK_COMPLETED"
fi
