#!/bin/bash
# The runner's job-started hook: a job of another run ends here, before its first step; then the operator's own hook.
set -u
note() { # word
  [ -n "${RUNPOOL_JOBS_FILE:-}" ] || return 0
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$(date +%s)" "${GITHUB_RUN_ID:-}" "${GITHUB_RUN_ATTEMPT:-}" "${GITHUB_JOB:-}" \
    >>"$RUNPOOL_JOBS_FILE" 2>/dev/null || true
}
# RUNPOOL_ONLY_RUNS: ids of the runs that this machine works for, separated by blanks; unset: any run's jobs may run here.
if [ -n "${RUNPOOL_ONLY_RUNS+set}" ]; then
  case " $RUNPOOL_ONLY_RUNS " in
  *" ${GITHUB_RUN_ID:-none} "*) ;;
  *)
    note refused
    echo "::error::This runner belongs to workflow run $RUNPOOL_ONLY_RUNS; this job is of run ${GITHUB_RUN_ID:-unknown}." \
      "Its first step was not run. A job may say only its own run in runs-on: \${{ github.run_id }}."
    exit 1
    ;;
  esac
fi
note started
if [ -n "${RUNPOOL_HOOK_STARTED:-}" ]; then
  exec /bin/bash "$RUNPOOL_HOOK_STARTED"
fi
