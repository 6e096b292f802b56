#!/bin/bash
# GitHub's part of root's scripts, which source it.
# The variables that a listener is told beside the unit's own words; for runner-start.sh.
# shellcheck disable=SC2034
names='ACTIONS_RUNNER_HOOK_JOB_(STARTED|COMPLETED)|ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE|RUNPOOL_ONLY_RUNS'
# What of the runner's root is root's; for runner-lay.sh. forge.conf mounts over all but the link.
lay_program() { # folder
  install -d "$1/bin"
  # A link, not a mount in the unit: dockerd, which sees the host, binds this path into the containers of jobs.
  ln -s /usr/lib/runpool/runner/externals "$1/externals"
  install -m 0644 /dev/null "$1/.env"
  install -m 0644 /dev/null "$1/.path"
}
