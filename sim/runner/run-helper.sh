#!/bin/bash
# Stand-in for actions/runner's run-helper.sh.template: runs the listener once and hides most of its exit codes.
if [ "$(id -u)" -eq 0 ] && [ -z "$RUNNER_ALLOW_RUNASROOT" ]; then
  echo "Must not run interactively with sudo"
  exit 1
fi

DIR="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
"$DIR"/bin/Runner.Listener run "$@"
code=$?

if [ "$ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE" = "1" ] && [ $code -eq 7 ]; then
  echo "Runner listener exit with deprecated version exit code: ${code}."
  exit $code
fi
case $code in
  0) echo "Runner listener exit with 0 return code, stop the service, no retry needed." ;;
  1) echo "Runner listener exit with terminated error, stop the service, no retry needed." ;;
  2)
    echo "Runner listener exit with retryable error, re-launch runner in 5 seconds."
    sleep "${RUNNER_STAND_IN_RELAUNCH_SECONDS:-5}"
    exit 2
    ;;
  3 | 4)
    # The update is complete once this file is there; waits up to 30 s for it.
    echo "Runner listener exit because of updating, re-launch runner after successful update"
    for _ in {0..30}; do
      if [ -f update.finished ]; then
        echo "Update finished successfully."
        rm update.finished
        break
      fi
      sleep 1
    done
    exit 2
    ;;
  5) echo "Runner listener exit with Session Conflict error, stop the service, no retry needed." ;;
  *) echo "Exiting with unknown error code: ${code}" ;;
esac
exit 0
