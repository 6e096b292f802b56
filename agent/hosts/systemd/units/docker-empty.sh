#!/bin/bash
# Takes out of docker all that jobs have brought: containers, networks, volumes, what builds keep, images and names of images.
# 75 where something stays: it would be the next run's. Docker that does not run holds nothing.
set -u -o pipefail
export LC_ALL=C
command -v docker >/dev/null || exit 0
# Docker that waits behind its socket, and that no job has yet wanted: asking would start it, and a registration would wait for that.
never_wanted() {
  systemctl is-active --quiet docker.socket && [ "$(systemctl show -P ActiveEnterTimestampMonotonic docker.service)" = 0 ] &&
    [ -z "$(find /var/lib/docker/containers /var/lib/docker/volumes -mindepth 1 -maxdepth 1 -type d -print -quit 2>/dev/null)" ]
}
images_of_jobs() { docker image ls --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | sort | comm -23 - <(/usr/lib/runpool/docker-images.sh); }
remove_image() { # id name
  case $2 in *'<none>'*) docker image rm -f "$1" ;; *) docker image rm -f "$2" ;; esac
}
empty() {
  # By list: `docker volume prune` spares volumes with a name unless told `--all`, which docker before 23 does not know.
  docker ps -aq | xargs -r docker rm -f && docker network prune -f && docker volume ls -q | xargs -r docker volume rm -f &&
    docker builder prune -af || return
  # Twice: what another one stands on goes only after that.
  for _ in 1 2; do images_of_jobs | while read -r id name; do remove_image "$id" "$name" || true; done; done
  left=$(images_of_jobs) && [ -z "$left" ]
}
! never_wanted || exit 0
timeout 20 docker info >/dev/null 2>&1
case $? in
0) empty >/dev/null || { echo "docker keeps something of a job"; exit 75; } ;;
124) echo "docker does not answer"; exit 75 ;;
esac
