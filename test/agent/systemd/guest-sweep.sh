#!/bin/bash
# What guests have left whose with-systemd.sh was killed: processes, cgroups, folders. A living one holds the lock of its `guest.XXXXXX.lock`.
# Sourced by with-systemd.sh, after guest-cgroups.sh.
sweep_guests() {
  local lock
  for lock in /tmp/guest.*.lock; do
    [ ! -e "$lock" ] || (flock --nonblock 8 && sweep_guest "${lock%.lock}") 8<"$lock"
  done 2>/dev/null
}
sweep_guest() { # folder
  mapfile -t GROUPS_MADE < <(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | while read -r root; do
    [ ! -d "$root/${1##*/}" ] || echo "$root/${1##*/}"
  done)
  [ "${#GROUPS_MADE[@]}" = 0 ] || find "${GROUPS_MADE[@]}" -name cgroup.procs -exec cat {} + | while read -r pid; do kill -KILL "$pid"; done
  remove_cgroups
  rm -rf --one-file-system "$1" "$1.console" "$1.lock"
}
# Makes $W, with its lock held by this process alone: 9 must be closed for whatever is to outlive it.
make_folder() {
  local own
  sweep_guests
  W=$(mktemp -d /tmp/guest.XXXXXX) && own=$(mktemp /tmp/.guest-lock.XXXXXX) || return 1
  # Locked before it has the name that a sweep looks for.
  exec 9>"$own"
  flock 9 && mv "$own" "$W.lock"
}
cleanup() { # of this guest. With PID 1 of the namespace everything in it dies; before it is known, with `unshare`.
  kill -KILL "${init:-$up}" 2>/dev/null
  wait "$up" 2>/dev/null
  remove_cgroups && rm -rf --one-file-system "$W" "$W.console" "$W.lock"
}
