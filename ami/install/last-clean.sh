#!/bin/bash
# Takes away what a machine writes for as long as it lives: logs, random seed, the SSM agent's files, the builder's sudo. clean.sh runs it, with "living" where the
# machine runs, and runpool-last-clean.service once more after everything else has stopped.
set -u
for folder in /var/lib/amazon/ssm /var/snap/amazon-ssm-agent/common; do
  # Packer's own session runs through that agent: as long as it does only what identifies the machine goes.
  if [ "${1:-}" = living ]; then rm -rf "$folder/registration" "$folder/Vault"; else rm -rf "${folder:?}"/*; fi
done
# Packer asks the spec by sudo, which cloud-init lets its user do without a password; cloud-init writes the rule anew at each first boot.
[ "${1:-}" = living ] || rm -rf /var/log/amazon /etc/sudoers.d/90-cloud-init-users
rm -rf /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/log/journal/*
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' \) -delete
find /var/log -type f -exec truncate --size 0 {} +
