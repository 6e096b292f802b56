#!/bin/bash
# in-root.sh PAYLOAD RESULTS [COMMAND...]: makes an image in a throwaway root, checks it, breaks it and checks again, then boots it and plays COMMAND.
# The root: an overlay of RUNPOOL_TEST_ROOT (a folder that debootstrap made), or of this machine's own. In RESULTS: install, again, spec, broken.
# 77: cannot be had here. Run within a mount namespace of its own.
set -u
payload=$1 results=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
W=$(mktemp -d /tmp/image.XXXXXX)
mount -t tmpfs -o mode=755 image "$W" || exit 77
trap 'umount -R "$W"; rmdir "$W"' EXIT
R=$W/root
mkdir "$W/up" "$W/wk" "$R"
mount -t overlay overlay -o "lowerdir=${RUNPOOL_TEST_ROOT:-/},upperdir=$W/up,workdir=$W/wk" "$R" || { echo "no overlay here"; exit 77; }
# The homes of this machine's users are not judged; the guest has them again, since this project may lie there.
enter() {
  mount --rbind /dev "$R/dev" && mount -t proc proc "$R/proc" && mount -t tmpfs tmpfs "$R/run" && mount -t tmpfs tmpfs "$R/tmp" &&
    mount -t tmpfs -o mode=700 tmpfs "$R/root" && mount -t tmpfs tmpfs "$R/home"
}
leave() { umount -R "$R/dev" "$R/proc" "$R/run" "$R/tmp" "$R/root" "$R/home"; }
rm -rf "$R"/{root,home/*}/{.npmrc,.aws,.netrc,.git-credentials,.docker,.config/gh,.ssh}
enter || exit 77
# Systemd does not run here; `systemctl enable` works on files.
in_root() { chroot "$R" /usr/bin/env -i SYSTEMD_OFFLINE=1 HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
# As a stock AMI is: nothing that was set up on this machine.
rm -rf "$R/usr/sbin/policy-rc.d" "$R/etc/systemd/system" "$R/usr/local/bin" "$R/usr/local/sbin" "$R/etc/runpool" "$R/usr/lib/runpool"
mkdir -p "$R/etc/systemd/system" "$R/usr/local/bin" "$R/usr/local/sbin"
# An AMI's apt keeps its caches; a container's builds them anew in each of twenty calls. Upgrades and the manual index are off: the recipe does neither.
rm -f "$R"/etc/apt/apt.conf.d/docker-{clean,gzip-indexes} "$R/var/lib/man-db/auto-update"
echo 'APT::Get::Upgrade "false";' >"$R/etc/apt/apt.conf.d/99no-upgrade"
sed -i -E 's/^([^:]+):\$[^:]*:/\1:*:/' "$R/etc/shadow"
{ in_root apt-get -qq update && in_root apt-get -qq install -y --download-only docker.io cloud-init; } >"$results/network" 2>&1 ||
  { echo "no Debian mirror in reach: $(tail -n 1 "$results/network")"; exit 77; }
install_all() { # result
  mkdir "$R/tmp/payload"
  cp -r "$payload/." "$R/tmp/payload"
  in_root bash /tmp/payload/install/all.sh >"$results/$1" 2>&1 && return
  echo "the installation failed:"
  tail -n 20 "$results/$1"
  exit 1
}
# Killed in the middle of a package, as a power cut would: what it leaves is where the next one begins.
half_done() { [ -e "$R/usr/sbin/policy-rc.d" ] && compgen -G "$R/usr/bin/*.dpkg-new" >/dev/null; }
cut_short() {
  local pid
  mkdir "$R/tmp/payload"
  cp -r "$payload/." "$R/tmp/payload"
  setsid chroot "$R" /usr/bin/env -i SYSTEMD_OFFLINE=1 HOME=/root LANG=C.UTF-8 PATH="$PATH" bash /tmp/payload/install/all.sh >"$results/cut" 2>&1 &
  pid=$!
  # Looked at again while it is stopped: on a busy machine the package may be unpacked before the signal comes.
  until half_done && kill -STOP -- "-$pid" && sleep 0.1 && half_done; do
    kill -0 "$pid" 2>/dev/null || return
    kill -CONT -- "-$pid"
    sleep 0.01
  done
  kill -KILL -- "-$pid"
  wait "$pid" 2>/dev/null
  echo "cut short with $(cd "$R" && find usr/sbin/policy-rc.d usr/bin -name '*.dpkg-new' -o -name policy-rc.d | wc -l) things half done" >>"$results/cut"
  rm -rf "$R/tmp/payload"
}
cut_short
install_all install
install_all again
in_root bash /usr/lib/runpool/spec/check.sh image >"$results/spec" 2>&1
in_root bash -s <"$here/break-image.sh" >"$results/breaking" 2>&1
in_root bash /usr/lib/runpool/spec/check.sh image >"$results/broken" 2>&1
in_root bash -s mend <"$here/break-image.sh" >>"$results/breaking" 2>&1
in_root bash /usr/lib/runpool/spec/check.sh image >"$results/mended" 2>&1
leave
[ $# -gt 0 ] || exit 0
export GUEST_ROOT=$R GUEST_BIND=${GUEST_BIND:-}
in_guest() { bash "$here/../agent/systemd/with-systemd.sh" "$@"; }
in_guest bash "$here/machine-guest.sh" "$results" >"$results/machine" 2>&1
in_guest bash "$here/fails-guest.sh" "$results" >"$results/fails" 2>&1
# The builder's disk is what the snapshot is taken of: judged again after it has powered off.
GUEST_BIND="$GUEST_BIND $payload" in_guest bash "$here/builder-guest.sh" "$payload" "$results" >"$results/builder" 2>&1
enter && in_root bash /usr/lib/runpool/spec/check.sh image >"$results/stopped" 2>&1
leave
in_guest "$@"
