#!/bin/bash
# Makes a runner of a stock image at its first boot: of an image's steps those that no runner can do without. It is the install.sh of the
# archive that an environment's `install` names, and beside it lies the payload of a build. Run as root; may be run again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export RUNPOOL_PAYLOAD=$here RUNPOOL_WORK=/var/tmp/runpool-build RUNPOOL_DOCKER_FOR_JOBS=false
# Apt knows the proxy by these names alone; a deployment of before told the others only.
export http_proxy=${http_proxy:-${HTTP_PROXY:-}} https_proxy=${https_proxy:-${HTTPS_PROXY:-}} no_proxy=${no_proxy:-${NO_PROXY:-}}
# shellcheck source=ami/install/distro.sh
. "$here/install/distro.sh"
install -d -m 0700 "$RUNPOOL_WORK"
# First: what upgrades by itself holds locks.
bash "$here/install/upgrades.sh"
packages_refresh
# Only what is missing: what this boot stands on, cloud-init among it, is not exchanged under its feet.
while read -r tool apt dnf; do
  command -v "$tool" >/dev/null || packages_install "$apt" "$dnf"
done <<'END'
git git git
jq jq jq
nft nftables nftables
pgrep procps procps-ng
flock util-linux util-linux
keyctl keyutils keyutils
END
for step in node runner agent swap journald; do
  echo "== $step"
  bash "$here/install/$step.sh"
done
# A boot of a baked image begins with them.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart systemd-journald.service
  sysctl --quiet --load=/etc/sysctl.d/90-runpool-swap.conf || true
  systemctl start --no-block runpool-swap.service
fi
rm -rf "$RUNPOOL_WORK"
