#!/bin/bash
# Spec, units: those of the agent are there, whole, and start at boot; what costs boot time does not. Sourced by check.sh.
lib=${lib:-/usr/lib/runpool} phase=${phase:-image}
for unit in runpool-agent.service runpool-boot-watchdog.timer runpool-deadline.timer runpool-firewall.service runpool-request.path; do
  equals "$unit at boot" "$(systemctl is-enabled "$unit" 2>&1)" enabled
done
for unit in 'runpool-runner@.service' 'runpool-reclaim@.service' runpool-prepare.service runpool-request.service runpool-boot-watchdog.service runpool-jobs.slice; do
  holds "$unit is there" has_unit "$unit"
done
# Unknown keys are told on stderr, with exit 0.
said=$(systemd-analyze verify --man=no /usr/lib/systemd/system/runpool-*.service /usr/lib/systemd/system/runpool-*.timer 2>&1 | grep runpool-)
nothing "systemd understands every word of runpool's units" "$said"
if [ -e "$lib/image.env" ]; then
  equals "runpool-swap.service at boot" "$(systemctl is-enabled runpool-swap.service 2>&1)" enabled
  nothing "each stage of cloud-init that fails powers off" "$(cd /etc/systemd/system &&
    grep -Ls '^OnFailure=runpool-first-boot-failed.service' cloud-init{-local,,-network}.service.d/runpool.conf
    ls cloud-init{-local,,-network}.service.d/runpool.conf 2>&1 >/dev/null)"
  docker=$(systemctl is-enabled docker.service docker.socket 2>&1 | tr '\n' ' ')
  if [ "${RUNPOOL_DOCKER_FOR_JOBS:-false}" = true ]; then
    equals "docker's service, and its socket, at boot" "$docker" "disabled enabled "
  else
    equals "docker's service, and its socket, at boot" "$docker" "disabled disabled "
  fi
fi
if [ -e "$lib/boot-time.tsv" ]; then
  # Static units are started by others' wish alone; what is enabled, or linked, would start.
  late=$(while IFS=$'\t' read -r unit _; do
    [[ $unit == *.* ]] && [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = enabled ] && echo "$unit"
  done <"$lib/boot-time.tsv")
  nothing "no unit of boot-time.tsv starts at boot" "$late"
fi
if [ "$phase" = booted ]; then
  for unit in runpool-agent.service runpool-boot-watchdog.timer runpool-deadline.timer runpool-firewall.service runpool-request.path; do
    equals "$unit now" "$(systemctl is-active "$unit" 2>&1)" active
  done
  nothing "no unit of runpool's has failed" "$(systemctl list-units --failed --plain --no-legend 'runpool-*' 2>&1)"
  holds "nftables refuses instance metadata to jobs" sh -c 'nft list table inet runpool | grep -q "skuid.*169.254.169.254.*reject"'
fi
