#!/bin/bash
# Apt and dpkg: waits for a lock that another process holds, and starts no service. Sourced by distro.sh.

# A stock system may be looking for updates just now; dpkg does not wait, nor does apt for the lock of its lists.
unlocked() { # command...
  local said
  for _ in {1..60}; do
    said=$("$@" 2>&1) && return
    [[ $said == *' lock'* ]] || break
    sleep 5
  done
  echo "$said" >&2
  return 1
}
# Debian starts services at installation; in an image in the making nothing of them should run.
without_starting() { # command...
  local policy=/usr/sbin/policy-rc.d code=0
  # Ours is known by its second line: an installation that was cut short may have left it.
  if command -v apt-get >/dev/null && { [ ! -e "$policy" ] || grep -qsx '# runpool' "$policy"; }; then
    printf '#!/bin/sh\n# runpool\nexit 101\n' >"$policy" && chmod 0755 "$policy"
    "$@" || code=$?
    rm -f "$policy"
    return "$code"
  fi
  "$@"
}
