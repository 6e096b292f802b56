#!/bin/bash
# Breaks a finished image in every way that its spec must notice; with "mend" takes all of it back.
set -u
lib=/usr/lib/runpool kept=/var/tmp/kept
files="/etc/passwd /etc/shadow /etc/docker/daemon.json /etc/systemd/journald.conf.d/runpool.conf /etc/sysctl.d/90-runpool-swap.conf
  /etc/needrestart/conf.d/runpool.conf /etc/apt/apt.conf.d/99runpool /etc/systemd/system/cloud-init-local.service.d/runpool.conf $lib/image.env $lib/runner/bin/stand-in.json"
if [ "${1:-}" = mend ]; then
  rm -rf ~root/.ssh ~root/.bash_history ~root/.aws /etc/runpool/agent.env /etc/sudoers.d/runpool /etc/ssh/ssh_host_rsa_key
  cp -a "$kept/." / && rm -rf "$kept" /var/lib/cloud/instances /var/lib/amazon/ssm/Vault
  systemctl --quiet enable runpool-swap.service
  chmod 0755 "$lib/node" && chown root:root "$lib/agent.mjs"
  systemctl --quiet enable runpool-agent.service
  systemctl --quiet disable vsftpd.service planted.socket
  rm -f /etc/systemd/system/vsftpd.service /etc/systemd/system/planted.*
  gpasswd --delete runpool-job docker
  sed -i '/^# planted/d' "$lib/agent.mjs"
  sed -i '/^planted/d' "$lib/runpool.nft"
  : >/etc/machine-id
  rm -f /usr/sbin/policy-rc.d /var/log/planted /var/lib/systemd/random-seed
  systemctl --quiet disable apt-daily.timer
  exit 0
fi
mkdir "$kept"
for file in $files; do cp -a --parents "$file" "$kept"; done
mkdir -p ~root/.ssh ~root/.aws /etc/ssh /etc/sudoers.d
echo "ssh-ed25519 AAAA planted" >~root/.ssh/authorized_keys
echo "curl https://planted" >~root/.bash_history
echo "aws_access_key_id = AKIAPLANTEDPLANTED12" >~root/.aws/credentials
echo planted >/etc/ssh/ssh_host_rsa_key
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
echo planted >/var/log/planted
echo '# runpool' >/usr/sbin/policy-rc.d
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
# A known one by its name, an unknown one by what it says.
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/vsftpd.service
printf '[Socket]\nListenStream=2323\n[Install]\nWantedBy=sockets.target\n' >/etc/systemd/system/planted.socket
printf '[Service]\nExecStart=/bin/true\n' >/etc/systemd/system/planted.service
systemctl --quiet enable vsftpd.service planted.socket
sed -i 's|{|{ "hosts": ["tcp://0.0.0.0:2375"],|' /etc/docker/daemon.json
mkdir -p /var/lib/cloud/instances/i-planted /var/lib/amazon/ssm/Vault/Store
echo planted >/var/lib/amazon/ssm/Vault/Store/RegistrationKey
# Recorded as other than what is installed: of the runner and the SSM agent what stands for them has a version, and says it.
sed -i -E '/_STANDS_IN=/d; s/^(RUNPOOL_(NODE|RUNNER|SSM_AGENT)_VERSION)=.*/\1=9.9.9/; s/^(RUNPOOL_DOCKER_AT_LEAST)=.*/\1=999/' "$lib/image.env"
rm "$lib/runner/bin/stand-in.json" /etc/systemd/system/cloud-init-local.service.d/runpool.conf
sed -i 's/^/#/' /etc/systemd/journald.conf.d/runpool.conf /etc/sysctl.d/90-runpool-swap.conf /etc/needrestart/conf.d/runpool.conf /etc/apt/apt.conf.d/99runpool
systemctl --quiet disable runpool-swap.service
echo planted:x:0:0::/nonexistent:/usr/sbin/nologin >>/etc/passwd
echo planted::19000:::::: >>/etc/shadow
