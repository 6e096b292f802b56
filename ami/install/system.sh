#!/bin/bash
# The system: what the other steps, the units and jobs' own checkouts need of the system.
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
packages_refresh
# AL2023 has curl-minimal, which the full one would conflict with.
packages_install "curl ca-certificates tar gzip git jq nftables procps util-linux keyutils cloud-init" \
  "tar gzip git jq nftables procps-ng util-linux keyutils cloud-init"
install -d /etc/runpool
# The system's own rules are not the agent's: an empty table at boot, the agent's unit adds its own.
for tool in curl tar git jq nft setpriv pgrep pkill flock awk keyctl cloud-init; do
  command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 1; }
done
