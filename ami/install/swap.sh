#!/bin/bash
# Swap: a unit makes the file at first boot, so that the snapshot does not carry it. A job that eats the memory slows down before it dies.
set -eu
install -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-swap.service" /usr/lib/systemd/system
install -D -m 0755 "$RUNPOOL_PAYLOAD/units/make-swap.sh" /usr/lib/runpool/make-swap.sh
install -D -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-swap.conf" /etc/sysctl.d/90-runpool-swap.conf
systemctl --quiet enable runpool-swap.service
systemctl --quiet is-enabled runpool-swap.service
