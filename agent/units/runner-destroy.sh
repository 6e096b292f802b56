#!/bin/bash
# Destroys everything of assignment $1: processes of the job's user wherever they are, its root, and what it left elsewhere.
set -u
n=$1
/usr/lib/runpool/runner-kill.sh "$n"
for _ in {1..1000}; do
  pkill -KILL -u runpool-job || break
  sleep 0.01
done
# 1: there is none. Anything else, a pgrep that is missing too, is no word of that.
pgrep -u runpool-job >/dev/null
[ $? = 1 ] || { echo "processes of runpool-job do not die, or cannot be looked for"; exit 75; }
cd /var/lib/runpool/runners || exit 1
rm -f "/run/runpool/runners/$n.env"
[ ! -e "$n" ] || mv "$n" "gone-$n-$(date +%s%N)"
# Nothing of the job's user should exist outside its root, since the unit lets it write nowhere else. Look all the same.
find /tmp /var/tmp /dev/shm /run/lock /var/spool/cron /var/lib/systemd/linger -xdev -user runpool-job -delete 2>/dev/null
/usr/lib/runpool/runner-traces.sh
# By list: `docker volume prune` spares volumes with a name unless told `--all`, which docker before 23 does not know.
empty_docker() (
  set -o pipefail
  docker ps -aq | xargs -r docker rm -f && docker network prune -f && docker volume ls -q | xargs -r docker volume rm -f
)
# Docker that waits behind its socket, and that no job has yet wanted: asking would start it, and a registration would wait for that.
never_wanted() {
  systemctl is-active --quiet docker.socket && [ "$(systemctl show -P ActiveEnterTimestampMonotonic docker.service)" = 0 ] &&
    [ -z "$(find /var/lib/docker/containers /var/lib/docker/volumes -mindepth 1 -maxdepth 1 -type d -print -quit 2>/dev/null)" ]
}
# What docker does not let go of would be the next run's: then this is not done, and asked for again. Where it does not run it holds nothing.
if command -v docker >/dev/null && ! never_wanted; then
  timeout 20 docker info >/dev/null 2>&1
  case $? in
  0) empty_docker >/dev/null || { echo "docker keeps something of a job"; exit 75; } ;;
  124) echo "docker does not answer"; exit 75 ;;
  esac
fi
# A big work folder takes its time: beside, not before the next run.
systemd-run --quiet --collect --property=IOSchedulingClass=idle sh -c 'rm -rf /var/lib/runpool/runners/gone-*'
