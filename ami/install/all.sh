#!/bin/bash
# Makes the machine that it runs on into a runner's image: every step in order, the clean-up last. Run as root; may be run again.
# Beside this folder lie spec/, units/, agent/ (units and bundle of the agent), sources.tsv and, where downloads are replaced, downloads/.
# RUNPOOL_DOCKER_FOR_JOBS=true: the job's user may use docker.
set -eu
main() {
  local here step
  here=$(cd "$(dirname "$0")" && pwd)
  export RUNPOOL_PAYLOAD=${here%/*} RUNPOOL_WORK=/var/tmp/runpool-build
  export RUNPOOL_DOCKER_FOR_JOBS=${RUNPOOL_DOCKER_FOR_JOBS:-false}
  install -d -m 0700 "$RUNPOOL_WORK"
  for step in system node runner docker agent cloudwatch-agent ssm-agent swap journald fail-closed boot-time clean; do
    echo "== $step"
    bash "$here/$step.sh" || { echo "== failed: $step"; exit 1; }
  done
  rm -rf "$RUNPOOL_PAYLOAD" "$RUNPOOL_WORK"
  echo "== done"
  exit 0
}
main
