#!/bin/bash
# Spec, users: the agent's and the jobs' exist, may not log in, and have no right that they do not need. Sourced by check.sh.
lib=${lib:-/usr/lib/runpool} phase=${phase:-image}
for user in runpool runpool-job; do
  holds "user $user exists" id "$user"
  equals "the shell of $user" "$(getent passwd "$user" | cut -d : -f 7)" /usr/sbin/nologin
  equals "the password of $user" "$(getent shadow "$user" | cut -d : -f 2 | cut -c 1)" '!'
done
wanted=runpool-job
[ "${RUNPOOL_DOCKER_FOR_JOBS:-false}" != true ] || wanted="docker runpool-job"
equals "the groups of runpool-job" "$(id -nG runpool-job 2>/dev/null | tr ' ' '\n' | sort | paste -sd ' ')" "$wanted"
equals "the groups of runpool" "$(id -nG runpool 2>/dev/null)" runpool
nothing "nobody but root has user id 0" "$(awk -F : '$3 == 0 && $1 != "root" { print $1 }' /etc/passwd)"
nothing "nobody has an empty password" "$(awk -F : '$2 == "" { print $1 }' /etc/shadow)"
# A hash is a password that somebody knows.
nothing "nobody has a password" "$(awk -F : '$2 ~ /^\$/ { print $1 }' /etc/shadow)"
nothing "no rule of sudo names runpool's users" "$(grep -rlsE '(^|[^a-z-])runpool(-job)?([^a-z-]|$)' /etc/sudoers /etc/sudoers.d)"
