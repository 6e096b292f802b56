#!/bin/bash
# Nothing of the host's own set-up starts in the guest: an empty /etc/systemd/system, a small target, host services masked.
# Sourced by guest-root.sh; $R is the guest's root.
hostname guest
echo guest >"$R/etc/hostname"
tr -d - </proc/sys/kernel/random/uuid >"$R/etc/machine-id"
: >"$R/etc/fstab"
units=$R/etc/systemd/system
# A root that was made for this keeps its units: those of runpool start with the guest, as they would with a machine.
[ -n "${GUEST_ROOT:-}" ] || rm -rf "$units"
mkdir -p "$units/guest.target.wants" "$R/etc/systemd/journald.conf.d"
for unit in "$units"/multi-user.target.wants/runpool-*; do
  [ ! -L "$unit" ] || cp -P "$unit" "$units/guest.target.wants/"
done
printf '[Unit]\nDescription=guest\nRequires=basic.target dbus.socket\nAfter=basic.target dbus.socket\nAllowIsolate=yes\n' >"$units/guest.target"
printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n' >"$R/etc/systemd/journald.conf.d/guest.conf"
for unit in systemd-{timesyncd,networkd,resolved,udevd,udev-trigger,hwdb-update,sysctl,modules-load,firstboot,random-seed}.service \
  systemd-{machine-id-commit,binfmt,pstore,update-utmp,update-utmp-runlevel,journal-catalog-update,update-done}.service \
  systemd-{boot-system-token,journal-flush,remount-fs,sysusers,network-generator}.service systemd-tmpfiles-clean.timer \
  systemd-ask-password-{console,wall}.path sys-kernel-{config,debug,tracing}.mount sys-fs-fuse-connections.mount \
  dev-{hugepages,mqueue}.mount proc-sys-fs-binfmt_misc.automount ldconfig.service getty.target console-getty.service \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
  ln -sf /dev/null "$units/$unit"
done
