#!/bin/bash
# Docker's images that no job has brought, an id and a name a line: as they were before the first job of this boot, which the first call writes down.
set -u -o pipefail
export LC_ALL=C
known=/run/runpool/docker-images
asked() {
  systemctl is-active --quiet docker.service && timeout 20 docker image ls --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' 2>/dev/null
}
# Docker that waits behind its socket is not started for this: here is its own list of names.
read_from_disk() { cat /var/lib/docker/image/*/repositories.json 2>/dev/null | jq -r '.Repositories[] | to_entries[] | "\(.value) \(.key)"'; }
if [ ! -e "$known" ]; then
  { asked || read_from_disk || true; } | sort >"$known.new" && mv "$known.new" "$known"
fi
cat "$known"
