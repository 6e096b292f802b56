#!/bin/bash
# The guest's cgroups. On a hybrid host (v1 controllers beside cgroup2) the guest gets the same hybrid tree: limits act through v1,
# freezing and IPAddressDeny through v2. Sourced by with-systemd.sh.
make_cgroups() { # name
  local v2 entry folder
  GROUPS_MADE=() V1_CONTROLLERS='' SYSTEMD_V1=''
  v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  [ -n "$v2" ] && mkdir "$v2/$1" 2>/dev/null || return 1
  while read -r entry; do
    folder=${entry#*:}/$1
    mkdir "$folder" 2>/dev/null
    GROUPS_MADE+=("$folder")
    case $entry in
    name=systemd:*) SYSTEMD_V1=1 ;;
    cpuset:*)
      cat "${entry#*:}/cpuset.cpus" >"$folder/cpuset.cpus"
      cat "${entry#*:}/cpuset.mems" >"$folder/cpuset.mems"
      ;;&
    *) V1_CONTROLLERS+="${entry%%:*} " ;;
    esac
  done < <(awk '$3 == "cgroup" { n = split($4, o, ","); for (i = 1; i <= n; i++)
      if (o[i] ~ /^(cpu|cpuacct|cpuset|memory|devices|freezer|blkio|pids|name=systemd)$/) print o[i] ":" $2 }' /proc/mounts | sort -u)
  GROUPS_MADE+=("$v2/$1")
  export V1_CONTROLLERS SYSTEMD_V1
}
remove_cgroups() { # always succeeds: what does not go is left
  local group left
  for _ in {1..50}; do
    left=
    for group in "${GROUPS_MADE[@]}"; do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
      [ ! -d "$group" ] || left=1
    done
    [ -n "$left" ] || return 0
    sleep 0.1
  done
  return 0
}
