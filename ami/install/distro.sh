#!/bin/bash
# What differs between systems, behind verbs. Sourced by the steps; package names are given as both systems know them, Debian's first.
export DEBIAN_FRONTEND=noninteractive
. "$(dirname "${BASH_SOURCE[0]}")/apt-care.sh"
if command -v apt-get >/dev/null; then packages=apt; else packages=dnf; fi

packages_refresh() {
  if [ "$packages" = dnf ]; then dnf -q makecache; return; fi
  # What an installation that was cut short has left half done comes first.
  unlocked without_starting dpkg --force-confold --configure -a 2>/dev/null || true
  unlocked apt-get -qq update && without_starting apt_install --fix-broken
}
apt_install() { unlocked apt-get -qq install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"; }
# packages_install APT-NAMES DNF-NAMES: each a list in one word; an empty one means that the system has it already.
packages_install() {
  local names=()
  if [ "$packages" = apt ]; then read -ra names <<<"$1"; else read -ra names <<<"$2"; fi
  [ "${#names[@]}" -gt 0 ] || return 0
  if [ "$packages" = apt ]; then apt_install "${names[@]}"; else dnf -q install -y --setopt=install_weak_deps=False "${names[@]}"; fi
}
# A package's file that was fetched and verified. Nothing of it is started.
package_install_file() { without_starting unlocked dpkg --force-confold -i "$1"; }
package_version() { # name
  if [ "$packages" = apt ]; then dpkg-query -W -f '${Version}' "$1"; else rpm -q --qf '%{VERSION}' "$1"; fi
}
packages_clean() { if [ "$packages" = apt ]; then apt-get -qq clean && rm -rf /var/lib/apt/lists/*; else dnf -q clean all; fi; }
# ICU's package carries its version in its name on Debian's systems.
icu_package() { apt-cache search --names-only '^libicu[0-9]+$' | awk '{ print $1 }' | sort -V | tail -n 1; }
# By files: systemd itself need not run while an image is made.
has_unit() { [ -e "/etc/systemd/system/$1" ] || [ -e "/usr/lib/systemd/system/$1" ] || [ -e "/lib/systemd/system/$1" ]; }
