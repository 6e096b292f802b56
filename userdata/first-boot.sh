#!/bin/bash
# First boot: makes a runner of a stock image (a baked one has it all already), then starts the agent.
# Its values come from /etc/runpool/first-boot.env, which cloud-init writes. Every failure ends the machine.
set -euo pipefail

etc=/etc/runpool
work=
finish() {
  status=$?
  if [ -n "$work" ]; then rm -rf "$work"; fi
  if [ "$status" -eq 0 ]; then return; fi
  echo "runpool: first boot failed with status $status; powering off" >&2
  systemctl poweroff
}
trap finish EXIT

# shellcheck source=/dev/null
. "$etc/first-boot.env"

# The proxy, for the download below.
set -a
# shellcheck source=/dev/null
. "$etc/agent.env"
set +a

trust_private_ca() {
  [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || return 0
  if command -v update-ca-trust >/dev/null; then
    cp "$NODE_EXTRA_CA_CERTS" /etc/pki/ca-trust/source/anchors/runpool.pem
    update-ca-trust
  else
    cp "$NODE_EXTRA_CA_CERTS" /usr/local/share/ca-certificates/runpool.crt
    update-ca-certificates
  fi
}

install_runner() {
  if systemctl cat runpool-agent.service >/dev/null 2>&1; then return; fi
  if [ -z "${RUNPOOL_INSTALL_URL:-}" ]; then
    echo "runpool: the image has no runpool-agent.service, and the environment file no 'install' for it" >&2
    return 1
  fi
  work=$(mktemp -d)
  curl --fail --silent --show-error --location --retry 5 --retry-all-errors --max-time 300 \
    --output "$work/runpool.tar.gz" "$RUNPOOL_INSTALL_URL"
  echo "$RUNPOOL_INSTALL_SHA256  $work/runpool.tar.gz" | sha256sum --check --status
  mkdir "$work/runpool"
  tar -xzf "$work/runpool.tar.gz" -C "$work/runpool" --no-same-owner
  (cd "$work/runpool" && bash ./install.sh)
  systemctl daemon-reload
}

# The forms of the units that the environment's file asks for; the image, or the archive, has their drop-ins.
drop_ins() {
  changed=
  use() { # drop-in unit
    install -D -m 0644 "/usr/lib/runpool/$1" "/etc/systemd/system/$2.d/$1"
    changed=yes
  }
  if [ "$RUNPOOL_PRE_RUNNER_USER" = job ]; then use prepare-as-job.conf runpool-prepare.service; fi
  if [ "$RUNPOOL_DOCKER_FOR_JOBS" = 1 ]; then use runner-docker.conf runpool-runner@.service; fi
  # Cloud-init has written it for a boot limit of the environment's own.
  if [ -e /etc/systemd/system/runpool-prepare.service.d/limit.conf ]; then changed=yes; fi
  # Where there is a proxy cloud-init has written of it for services; one that runs already does not know it yet. There may be no docker.
  if [ -n "${HTTPS_PROXY:-}" ]; then changed=yes; fi
  if [ -n "$changed" ]; then systemctl daemon-reload; fi
  if [ -n "${HTTPS_PROXY:-}" ]; then systemctl try-restart docker.service || true; fi
}

session_access() {
  for unit in amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service; do
    # A drop-in alone is not a unit, though `systemctl cat` finds it.
    [ "$(systemctl show --property=LoadState "$unit")" = LoadState=loaded ] || continue
    if [ "${RUNPOOL_SESSIONS:-}" != 1 ]; then
      systemctl disable --now "$unit"
      continue
    fi
    systemctl enable "$unit"
    # It may run already, without the proxy.
    systemctl restart "$unit"
  done
}

# From the environment's table, where refresh may have laid another one over the stack's; root reads it for itself.
write_pre_runner() {
  /usr/lib/runpool/node /usr/lib/runpool/agent.mjs write-pre-runner "$etc/pre-runner.sh"
}

trust_private_ca
install_runner
drop_ins
# Beside it what takes as long.
write_pre_runner &
writing=$!
session_access
systemctl start runpool-boot-watchdog.timer runpool-deadline.timer runpool-firewall.service runpool-request.path
wait "$writing"
systemctl start --no-block runpool-agent.service

# Last: no run waits for it, and a machine whose log stays here is a runner all the same.
ship_logs() {
  systemctl start runpool-ship-logs.service &&
    /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \
      -a fetch-config -m ec2 -s -c "file:$etc/cloudwatch-agent.json" >/dev/null
}
if [ -e "$etc/cloudwatch-agent.json" ]; then
  ship_logs || echo "runpool: the log is not shipped: does the image have the CloudWatch agent?" >&2
fi
