#!/bin/bash
# PID 1 of the guest's namespaces: makes its root (an overlay over /, or $GUEST_ROOT as it is), then becomes systemd.
# Told by $W, $V1_CONTROLLERS, $SYSTEMD_V1; $GUEST_FILES: a folder whose files are laid over the root's.
set -e
here=$(cd "$(dirname "$0")" && pwd)
mount --make-rprivate /
# The work folder lies on /, so the upper layer must be another file system.
mount -t tmpfs -o mode=755 guest "$W"
R=$W/root
mkdir -p "$W/up" "$W/wk" "$R"
if [ -n "${GUEST_ROOT:-}" ]; then
  mount --bind "$GUEST_ROOT" "$R"
else
  mount -t overlay overlay -o "lowerdir=/,upperdir=$W/up,workdir=$W/wk" "$R"
fi
[ -z "$GUEST_FILES" ] || cp -a "$GUEST_FILES/." "$R" # An overlay takes no lower folder that lies within another one.
mount -t proc proc "$R/proc"
mount -t sysfs sysfs "$R/sys"
C=$R/sys/fs/cgroup
if [ -n "$V1_CONTROLLERS" ]; then
  mount -t tmpfs -o mode=755 tmpfs "$C"
  mkdir "$C/unified" "$C/systemd"
  mount -t cgroup2 cgroup2 "$C/unified"
  [ -z "$SYSTEMD_V1" ] || mount -t cgroup -o none,name=systemd cgroup "$C/systemd"
  for one in $V1_CONTROLLERS; do mkdir "$C/$one" && mount -t cgroup -o "$one" cgroup "$C/$one"; done
else
  mount -t cgroup2 cgroup2 "$C"
fi
. "$here/guest-devices.sh"
for shared in $GUEST_BIND; do mkdir -p "$R$shared" && mount --bind "$shared" "$R$shared"; done
. "$here/guest-quiet.sh"
cd "$R"
mkdir -p .old
pivot_root . .old
cd /
umount -l /.old
# systemd leaves this to the container's manager.
mount --make-rshared /
exec env -i container=guest LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=guest.target --log-target=journal --show-status=0
