#!/bin/bash
# Lays the root of assignment $1 unless it exists: fresh folders of the job's user, and the registration that the agent hands over.
set -eu
n=$1
root=/var/lib/runpool/runners/$n
from=/var/lib/runpool/agent/handover/$n/files
# shellcheck source=../../../runners/github/units/forge.sh
. /usr/lib/runpool/forge.sh
as() { setpriv --reuid "$1" --regid "$1" --clear-groups -- "${@:2}"; }
[ ! -e "$root/laid" ] || exit 0
rm -rf "$root"
install -d -m 0755 "$root"
for folder in home tmp work asks; do install -d -m 0700 -o runpool-job -g runpool-job "$root/$folder"; done
# Sticky: the job's user adds files, and cannot take root's away.
install -d -m 1770 -g runpool-job "$root/runner"
lay_program "$root/runner"
install -m 0644 /dev/null "$root/listener.log"
install -m 0644 -o runpool-job -g runpool-job /dev/null "$root/jobs"
# Read as the agent's user, written as the job's user: neither side can make root follow a link.
for file in $(as runpool find "$from" -maxdepth 1 -type f -printf '%f\n' 2>/dev/null | grep -E '^[.A-Za-z][A-Za-z0-9_.-]{0,63}$' | head -n 16); do
  # shellcheck disable=SC2016 # expanded by the inner shell
  as runpool head -c 65536 "$from/$file" | as runpool-job sh -c 'umask 077; cat >"$1"' sh "$root/runner/$file"
done
if [ -e /etc/runpool/docker-config.json ]; then
  install -D -m 0600 -o runpool-job -g runpool-job /etc/runpool/docker-config.json "$root/home/.docker/config.json"
  chown runpool-job:runpool-job "$root/home/.docker"
fi
/usr/lib/runpool/docker-images.sh >/dev/null
touch "$root/laid"
