#!/bin/bash
# A machine whose cloud-init fails never becomes a runner: it powers off, and by the launch template's word that ends it.
# (userdata/first-boot.sh does the same for its own failures, the boot watchdog for whatever hangs.)
set -eu
install -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-first-boot-failed.service" /usr/lib/systemd/system
for unit in cloud-init-local cloud-init cloud-init-network; do
  install -d "/etc/systemd/system/$unit.service.d"
  printf '[Unit]\nOnFailure=runpool-first-boot-failed.service\n' >"/etc/systemd/system/$unit.service.d/runpool.conf"
done
# Only EC2 is asked, and no package is fetched at boot.
install -d /etc/cloud/cloud.cfg.d
install -m 0644 "$RUNPOOL_PAYLOAD/units/runpool-cloud-init.cfg" /etc/cloud/cloud.cfg.d/90-runpool.cfg
[ "$(systemctl is-enabled runpool-first-boot-failed.service)" = static ]
