#!/bin/bash
# The guest's /run, /tmp, loopback and /dev: what every container has. Sourced by guest-root.sh; $R is the guest's root.
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$R/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$R/tmp"
ip link set lo up
ip address add 169.254.169.254/32 dev lo
mount -t tmpfs -o mode=755 tmpfs "$R/dev"
for node in null zero full random urandom tty; do
  touch "$R/dev/$node"
  mount --bind "/dev/$node" "$R/dev/$node"
done
mkdir -p "$R/dev/pts" "$R/dev/shm" "$R/dev/mqueue"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$R/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"
ln -sf pts/ptmx "$R/dev/ptmx"
ln -sf /proc/self/fd "$R/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do ln -sf "/proc/self/fd/${stream%%:*}" "$R/dev/${stream#*:}"; done
