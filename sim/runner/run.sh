#!/bin/bash
# Stand-in for actions/runner's run.sh (src/Misc/layoutroot/run.sh): keeps the helper going while it exits with 2.
# Its exit status proves nothing: without RUNNER_MANUALLY_TRAP_SIG it is 0 whatever happened.
DIR="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

once() {
  cp -f "$DIR/run-helper.sh.template" "$DIR/run-helper.sh"
  chmod +x "$DIR/run-helper.sh"
  exec "$DIR/run-helper.sh" "$@"
}

plain() {
  while :; do
    (once "$@")
    if [ $? -ne 2 ]; then
      echo "Exiting runner..."
      exit 0
    fi
    echo "Restarting runner..."
  done
}

trapped() {
  set -m
  trap 'kill -INT -$PID' INT TERM
  while :; do
    (once "$@") &
    PID=$!
    wait $PID
    wait $PID
    code=$?
    if [ $code -ne 2 ]; then
      echo "Exiting runner..."
      exit $code
    fi
    echo "Restarting runner..."
  done
}

if [ -z "$RUNNER_MANUALLY_TRAP_SIG" ]; then plain "$@"; else trapped "$@"; fi
