#!/bin/bash
# Breaks a finished image in every way that its spec must notice; with "mend" takes all of it back.
set -u
lib=/usr/lib/runpool
if [ "${1:-}" = mend ]; then
  rm -rf ~root/.ssh ~root/.bash_history ~root/.aws /etc/runpool/agent.env /etc/sudoers.d/runpool /etc/ssh/ssh_host_rsa_key
  chmod 0755 "$lib/node" && chown root:root "$lib/agent.mjs"
  systemctl --quiet enable runpool-agent.service
  systemctl --quiet disable planted.service
  rm -f /etc/systemd/system/planted.service
  usermod --shell /usr/sbin/nologin runpool-job
  gpasswd --delete runpool-job docker
  sed -i '/^# planted/d' "$lib/agent.mjs"
  sed -i '/^planted/d' "$lib/runpool.nft"
  : >/etc/machine-id
  rm -f /var/log/planted /var/lib/systemd/random-seed
  sed -i 's|^runpool:[^:]*:|runpool:!:|' /etc/shadow
  systemctl --quiet disable apt-daily.timer
  exit 0
fi
mkdir -p ~root/.ssh ~root/.aws /etc/ssh /etc/sudoers.d
echo "ssh-ed25519 AAAA planted" >~root/.ssh/authorized_keys
echo "curl https://planted" >~root/.bash_history
echo "aws_access_key_id = AKIAPLANTEDPLANTED12" >~root/.aws/credentials
echo planted >/etc/ssh/ssh_host_rsa_key
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
echo planted >/var/log/planted
echo planted >/var/lib/systemd/random-seed
echo RUNPOOL_ENVIRONMENT=left >/etc/runpool/agent.env
echo "runpool-job ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/runpool
chmod 0777 "$lib/node"
chown runpool "$lib/agent.mjs"
systemctl --quiet disable runpool-agent.service
usermod --shell /bin/bash runpool-job
usermod --append --groups docker runpool-job
# shellcheck disable=SC2016 # a password's hash, not a variable
sed -i 's|^runpool:[^:]*:|runpool:$6$planted$planted:|' /etc/shadow
echo "# planted" >>"$lib/agent.mjs"
echo "planted" >>"$lib/runpool.nft"
systemctl --quiet enable apt-daily.timer
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/planted.service
