#!/bin/bash
# Docker from the distribution, which signs it. The job's user may use it only by choice: it makes jobs root.
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
. "$here/fetch.sh"
without_starting packages_install "docker.io" "docker"
install -d /etc/docker
# Bounded logs; no user-land proxy, one process less a published port.
printf '{ "log-driver": "local", "log-opts": { "max-size": "10m", "max-file": "3" }, "userland-proxy": false }\n' >/etc/docker/daemon.json
if [ "$RUNPOOL_DOCKER_FOR_JOBS" = true ]; then
  # By its socket: it starts with the first job that wants it, not with the machine.
  systemctl --quiet enable docker.socket
  systemctl --quiet disable docker.service 2>/dev/null
else
  systemctl --quiet disable docker.service docker.socket 2>/dev/null
fi
systemctl --quiet disable containerd.service 2>/dev/null || true
record RUNPOOL_DOCKER_FOR_JOBS "$RUNPOOL_DOCKER_FOR_JOBS"
record RUNPOOL_DOCKER_AT_LEAST "$(source_of docker 2)"
docker --version >/dev/null && dockerd --version >/dev/null && jq -e . /etc/docker/daemon.json >/dev/null
