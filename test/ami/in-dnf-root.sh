#!/bin/bash
# in-dnf-root.sh PAYLOAD RESULTS [COMMAND...]: plays the dnf variants' installation in a throwaway overlay of this machine, with stand-ins for
# dnf and rpm and without apt; then boots it as it is and plays COMMAND. In RESULTS: install, spec, calls. 77: cannot be had here. Run within a mount namespace of its own.
set -u
payload=$1 results=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
W=$(mktemp -d /tmp/image.XXXXXX)
mount -t tmpfs -o mode=755 image "$W" || exit 77
trap 'umount -R "$W"; rmdir "$W"' EXIT
R=$W/root
mkdir "$W/up" "$W/wk" "$R"
mount -t overlay overlay -o "lowerdir=/,upperdir=$W/up,workdir=$W/wk" "$R" || { echo "no overlay here"; exit 77; }
mount --rbind /dev "$R/dev" && mount -t proc proc "$R/proc" && mount -t tmpfs tmpfs "$R/run" && mount -t tmpfs tmpfs "$R/tmp" || exit 77
mount -t tmpfs -o mode=700 tmpfs "$R/root" && mount -t tmpfs tmpfs "$R/home" || exit 77
rm -rf "$R/etc/systemd/system" "$R/usr/local/bin" "$R/usr/local/sbin" "$R/etc/runpool" "$R/usr/lib/runpool"
rm -f "$R"/usr/bin/{apt-get,apt-cache,dpkg,dpkg-query,docker,dockerd} "$R"/usr/sbin/dockerd
mkdir -p "$R/etc/systemd/system" "$R/usr/local/bin" "$R/usr/local/sbin" "$R/opt/dnf-stand-in"
sed -i -E 's/^([^:]+):\$[^:]*:/\1:*:/' "$R/etc/shadow"
printf 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n' >"$R/usr/lib/os-release"
cp "$here/dnf-stand-in.sh" "$here/dnf-packages.tsv" "$R/opt/dnf-stand-in/"
chmod 0755 "$R/opt/dnf-stand-in/dnf-stand-in.sh"
for name in dnf rpm; do ln -s /opt/dnf-stand-in/dnf-stand-in.sh "$R/usr/local/bin/$name"; done
in_root() { chroot "$R" /usr/bin/env -i SYSTEMD_OFFLINE=1 HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
mkdir "$R/tmp/payload"
cp -r "$payload/." "$R/tmp/payload"
in_root env RUNPOOL_DOCKER_FOR_JOBS=true bash /tmp/payload/install/all.sh >"$results/install" 2>&1 ||
  { echo "the installation failed:"; tail -n 20 "$results/install"; exit 1; }
in_root bash /usr/lib/runpool/spec/check.sh image >"$results/spec" 2>&1
cp "$R/var/lib/dnf-stand-in/.calls" "$results/calls"
[ $# -gt 0 ] || exit 0
umount -R "$R/dev" "$R/proc" "$R/run" "$R/tmp" "$R/root" "$R/home"
export GUEST_ROOT=$R GUEST_BIND=${GUEST_BIND:-}
bash "$here/../agent/systemd/with-systemd.sh" "$@"
