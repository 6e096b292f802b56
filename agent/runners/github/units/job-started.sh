#!/bin/bash
# The runner's job-started hook: a job of another run ends here, before its first step; then the operator's own hook.
set -u
note() { # word
  [ -n "${RUNPOOL_JOBS_FILE:-}" ] || return 0
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$(date +%s)" "${GITHUB_RUN_ID:-}" "${GITHUB_RUN_ATTEMPT:-}" "${GITHUB_JOB:-}" \
    >>"$RUNPOOL_JOBS_FILE" 2>/dev/null || true
}
# A failed hook alone leaves the job its steps with `if: always()` and its actions' `pre` (StepsRunner.cs): so the worker, our parent, is ended.
# Its listener then fails the job, with what the worker had on stderr for a reason (JobDispatcher.cs), and takes the next one.
refuse() { # words
  local parent=''
  note refused
  echo "::error::$1"
  read -r -d '' parent <"/proc/$PPID/cmdline" || true
  if [ "${parent##*/}" = Runner.Worker ]; then
    echo "$1" 2>/dev/null >"/proc/$PPID/fd/2" || true
    # The worker sends on what it hears twice a second (JobServerQueue.cs).
    sleep 2 || true
    kill -KILL "$PPID"
  fi
  exit 1
}
# RUNPOOL_ONLY_RUNS: ids of the runs that this machine works for, separated by blanks; unset: any run's jobs may run here.
if [ -n "${RUNPOOL_ONLY_RUNS+set}" ]; then
  case " $RUNPOOL_ONLY_RUNS " in
  *" ${GITHUB_RUN_ID:-none} "*) ;;
  *)
    refuse "This runner belongs to workflow run $RUNPOOL_ONLY_RUNS; this job is of run ${GITHUB_RUN_ID:-unknown}. \
Its first step was not run. A job may say only its own run in runs-on: \${{ github.run_id }}."
    ;;
  esac
fi
# shellcheck source=job-reclaim.sh
. "${BASH_SOURCE%/*}/job-reclaim.sh"
reclaim
note started
if [ -n "${RUNPOOL_HOOK_STARTED:-}" ]; then
  exec /bin/bash "$RUNPOOL_HOOK_STARTED"
fi
