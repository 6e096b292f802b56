#!/bin/bash
# builder-guest.sh PAYLOAD RESULTS: runs in the guest, a baked root that has booted: makes it the builder that a bake meets, with what writes logs, an
# SSM agent that carries the session, and a random seed that is saved as it stops. Cleans it, checks it as Packer does, and powers off. In RESULTS: cleaning, living, check-clean.
set -u
payload=$1 results=$2
if [ "${3:-}" != apart ]; then
  exec unshare --mount --propagation private bash "$0" "$payload" "$results" apart 7>"$results/check-clean" 8>"$results/cleaning" 9>"$results/living"
fi
# The guest shares these with the machine that it runs on, its users' homes among them: nothing there is to be cleaned.
mkdir -p /run/shared/project
mount --bind "$(dirname "$0")/../.." /run/shared/project
cp -r "$payload" /run/shared/payload
for folder in /tmp /var/tmp /root /home; do mount -t tmpfs -o mode=1777 tmpfs "$folder" || exit 70; done
cp -r /run/shared/payload /tmp/runpool-payload
# The guest has these silenced.
rm -f /etc/systemd/system/systemd-{random-seed,journal-flush}.service /etc/systemd/journald.conf.d/guest.conf
mkdir -p /var/log/journal /run/systemd/system/systemd-random-seed.service.d
printf '[Unit]\nConditionVirtualization=\n' >/run/systemd/system/systemd-random-seed.service.d/test.conf
unit() { # name, its lines
  printf '[Unit]\nDescription=stands for %s\n%s\n' "$1" "$2" >"/run/systemd/system/$1"
}
writes() { # file: again and again, once more as it stops
  printf "[Service]\nExecStart=/bin/sh -c 'while :; do mkdir -p %s; echo line >>%s; sleep 0.02; done'\nExecStopPost=/bin/sh -c 'mkdir -p %s; echo last >>%s'" "${1%/*}" "$1" "${1%/*}" "$1"
}
unit syslog.socket $'[Socket]\nListenDatagram=/run/systemd/journal/syslog\nService=rsyslog.service'
unit rsyslog.service $'Requires=syslog.socket\n'"$(writes /var/log/syslog)"
unit auditd.service $'RefuseManualStop=yes\n'"$(writes /var/log/audit/audit.log)"
unit amazon-ssm-agent.service "$(writes /var/log/amazon/ssm/amazon-ssm-agent.log)"
unit other-ssm.service "$(writes /var/lib/amazon/ssm/i-1/session/state)"
mkdir -p /var/lib/amazon/ssm/Vault/Store
echo key >/var/lib/amazon/ssm/Vault/Store/EC2RegistrationKey
echo key >/var/lib/amazon/ssm/registration
# As cloud-init writes it for the user by whom Packer comes in: without it "sudo bash check.sh" asks for a password that there is not.
rule=/etc/sudoers.d/90-cloud-init-users
mkdir -p "${rule%/*}"
echo "ubuntu ALL=(ALL) NOPASSWD:ALL" >"$rule"
systemctl daemon-reload
systemctl restart systemd-journald.service
systemctl start systemd-random-seed.service systemd-journal-flush.service syslog.socket rsyslog.service auditd.service amazon-ssm-agent.service other-ssm.service
logger "before the image is cleaned"
RUNPOOL_PAYLOAD=/tmp/runpool-payload RUNPOOL_WORK=/var/tmp/runpool-build bash /tmp/runpool-payload/install/clean.sh >&8 2>&1
echo "clean.sh ended with $?" >&8
# What sudo's own words come to.
logger "after it was cleaned"
logger --socket /run/systemd/journal/syslog "as journald passes it on" 2>/dev/null
bash /usr/lib/runpool/spec/check.sh image >&9 2>&1
(cd / && /usr/lib/runpool/node /run/shared/project/entry/cli/cli.ts ami check --json) >&7 2>&1
echo "ami check ended with $?" >&8
echo "the session still writes: $(systemctl is-active amazon-ssm-agent.service) $(find /var/log/amazon /var/lib/amazon/ssm -type f | wc -l)" >&8
echo "sudo as cloud-init grants it: $(cat "$rule" 2>&1)" >&8
systemctl poweroff 2>/dev/null
# Leaving now would take the guest away before it has stopped.
exec sleep infinity
