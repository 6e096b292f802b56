#!/bin/bash
# Limits on the journal: jobs write a lot, and the disk is theirs.
set -eu
install -D -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-journald.conf" /etc/systemd/journald.conf.d/runpool.conf
grep -q '^SystemMaxUse=' /etc/systemd/journald.conf.d/runpool.conf
