#!/bin/bash
# Spec, secrets: no key, no token, no history, no identity of the machine on which the image was made. Sourced by check.sh.
lib=${lib:-/usr/lib/runpool} phase=${phase:-image}
homes=$(awk -F : '$6 != "/" { print $6 }' /etc/passwd | sort -u)
in_homes() { # names...: files of these names in any home
  local name home
  for home in $homes; do for name; do [ ! -e "$home/$name" ] || echo "$home/$name"; done; done
}
nothing "no credentials in any home" "$(in_homes .aws .netrc .git-credentials .npmrc .docker/config.json .config/gh)"
# The job's user can read none of it; anyone who copies the image can.
markers='-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}'
found=$(find /etc /root /home /var/lib/cloud /usr/lib/runpool/image.env -xdev -maxdepth 4 -type f -size -64k ! -name 'ssh_host_*' -print0 2>/dev/null |
  xargs -0r grep -lsIE -e "$markers" | head -n 3)
if [ "$phase" = image ]; then
  nothing "no authorised key" "$(in_homes .ssh/authorized_keys .ssh/authorized_keys2)"
  nothing "no key, token or private key in configuration and homes" "$found"
  nothing "no history of a shell" "$(find /root /home -maxdepth 2 -name '.*_history' 2>/dev/null)"
  nothing "no host key of sshd" "$(compgen -G '/etc/ssh/ssh_host_*key')"
  nothing "no machine id" "$(grep -s . /etc/machine-id)"
  nothing "no random seed" "$(compgen -G /var/lib/systemd/random-seed)"
  nothing "no state of cloud-init" "$(compgen -G '/var/lib/cloud/instances/*')"
  # Before Packer's snapshot the SSM agent carries the session by which this is asked; its log and its state go when the machine has stopped.
  logs=() ssm=()
  if [ "$(systemctl is-active runpool-last-clean.service 2>/dev/null)" = active ]; then
    logs=(! -path '/var/log/amazon/*') ssm=('(' -name registration -o -path '*/Vault/*' ')')
  fi
  nothing "no line in any log" "$(find /var/log -type f -size +0 "${logs[@]}" -print -quit 2>/dev/null)"
  nothing "the SSM agent is not registered" \
    "$(find /var/lib/amazon/ssm /var/snap/amazon-ssm-agent/common -type f "${ssm[@]}" -print -quit 2>/dev/null)"
else
  holds "the machine has an id of its own" grep -q . /etc/machine-id
  holds "no token in what jobs can see of runpool" sh -c '! grep -rlsIE "gh[pousr]_[A-Za-z0-9]{36}" /etc/runpool /run/runpool/runners'
fi
