#!/usr/bin/env bash
# newcomer.sh [start] [TEST-FILE...]: README's commands as a new user runs them, as root and as an ordinary user: `npm start` if asked for, and the tests
# named (all that look for programs, if none is), in a throwaway root with Debian's essential packages, systemd, node, npm and git alone. 77: cannot be shown here.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD

if [ "${1-}" != --inside ]; then
  if ((EUID != 0)) || ! command -v dpkg-query unshare >/dev/null; then
    echo "needs root and a Debian system"
    exit 77
  fi
  # Its processes end with it, and its mounts with them.
  exec unshare --mount --pid --fork --kill-child --propagation private "$here/.ci/newcomer.sh" --inside "$@"
fi
shift
start=false
[ "${1-}" != start ] || { start=true; shift; }
files=("$@")
((${#files[@]})) || mapfile -t files < <(node_modules/.bin/node test/tidy/tool-tests.ts)

W=$(mktemp -d)
mount -t tmpfs -o mode=755 newcomer "$W" && trap 'umount -R -l "$W"; rmdir "$W"' EXIT
R=$W/root
mkdir "$W"/{root,up,work,project-up,project-work}
mount -t overlay overlay -o "lowerdir=/,upperdir=$W/up,workdir=$W/work" "$R" || { echo "needs overlayfs"; exit 77; }
# Beside those packages, what a machine has that boots; not the programs that the tests look for.
mapfile -t packages < <(dpkg-query -W -f '${Package} ${Priority} ${Essential}\n' | awk '$2 == "required" || $3 == "yes" { print $1 }')
# Of other releases some have no such package.
packages+=(procps git systemd systemd-sysv dbus dbus-bin dbus-daemon iproute2 kmod)
{ (dpkg-query -L "${packages[@]}" 2>/dev/null || true) | sed -nE 's|^(/usr)?/s?bin/([^/]+)$|\2|p'; printf '%s\n' awk node npm; } | sort >"$W/kept"
for folder in usr/local/bin usr/local/sbin usr/bin usr/sbin; do
  comm -13 "$W/kept" <(find "$R/$folder" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort) | (cd "$R/$folder" && xargs -r -d '\n' rm -rf)
done
# Where the checkout is, an ordinary user may not be able to look; this one's folders are theirs, as a clone of their own would be.
project=$R/srv/runpool
mkdir -p "$project"
mount -t overlay overlay -o "lowerdir=$here,upperdir=$W/project-up,workdir=$W/project-work" "$project"
rm -rf "$project/.runpool"
mount -t proc proc "$R/proc" && mount --rbind /sys "$R/sys" && mount --rbind /dev "$R/dev" && mount -t tmpfs tmpfs "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp" && mkdir -m 700 "$R/tmp/home"

as() { # root|nobody command...
  local user=$1
  shift
  chroot "$R" setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- env -i HOME=/tmp/home LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c 'cd /srv/runpool && exec "$@"' sh "$@"
}
failed=0
for user in root nobody; do
  [ "$user" = root ] || find "$project" "$R/tmp/home" -type d -exec chown "$user" {} +
  if "$start"; then
    printf '\n== npm start, as %s\n' "$user"
    as "$user" npm start -s -- --json || failed=1
  fi
  printf '\n== npm test, as %s\n' "$user"
  as "$user" npm test -s -- "${files[@]}" 2>&1 | tee "$W/said" || failed=1
  ! grep "no reason given" "$W/said" || { echo "== a test was skipped without its reason"; failed=1; }
done
exit "$failed"
