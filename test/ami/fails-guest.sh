#!/bin/bash
# fails-guest.sh RESULTS: runs in the guest, a baked root that has booted: each stage of cloud-init ends well, then fails, with something in the place of
# the machine's end that tells whether it was asked for. In RESULTS: stages, said.
set -u
results=$1
printf '[Unit]\nDescription=stands for the end of this machine\n' >/run/systemd/system/poweroff.target
# What a failure has started is over when nothing is queued and it is not starting any more.
settled() {
  for _ in {1..200}; do
    [ -z "$(systemctl list-jobs --no-legend)" ] && [ "$(systemctl is-active runpool-first-boot-failed.service)" != activating ] && return
    sleep 0.05
  done
}
play() { # stage command
  mkdir -p "/run/systemd/system/$1.service.d"
  printf '[Service]\nExecStart=\nExecStart=%s\n' "$2" >"/run/systemd/system/$1.service.d/test.conf"
  systemctl daemon-reload
}
for stage in cloud-init-local cloud-init cloud-init-network; do
  [ -e "/lib/systemd/system/$stage.service" ] || continue
  for command in /bin/true /bin/false; do
    play "$stage" "$command"
    systemctl restart "$stage.service" 2>/dev/null
    settled
    echo "$stage by $command: power off is $(systemctl is-active poweroff.target)"
    systemctl stop "$stage.service"
    settled
    systemctl stop poweroff.target
  done
  # The next one starts it with itself.
  play "$stage" /bin/true
done >"$results/stages" 2>&1
journalctl --no-pager -o cat -u runpool-first-boot-failed.service >"$results/said"
