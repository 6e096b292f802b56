#!/bin/bash
# Spec, files: what root runs belongs to root, and nobody else can write it; limits of swap and journal are set. Sourced by check.sh.
lib=${lib:-/usr/lib/runpool} phase=${phase:-image}
for file in agent.mjs node runpool.nft forge.sh job-started.sh job-completed.sh runner/bin/Runner.Listener runner/config.sh; do
  holds "$lib/$file is there" test -s "$lib/$file"
done
# Without it the agent starts all the same, only later.
holds "the agent's bundle is there as V8 compiled it" sh -c "find $lib/compile-cache -type f | grep -q ."
nothing "all of $lib belongs to root" "$(find "$lib" ! -user root -print -quit)"
nothing "nobody but root can write in $lib" "$(find "$lib" ! -type l -perm /022 -print -quit)"
nothing "nobody but root can write runpool's units" \
  "$(find /usr/lib/systemd/system /etc/systemd/system -name 'runpool-*' ! -type l \( -perm /022 -o ! -user root \) -print -quit)"
holds "jobs can read and run the runner" \
  setpriv --reuid runpool-job --regid runpool-job --clear-groups -- test -x "$lib/runner/bin/Runner.Listener"
holds "the nftables rule is valid" nft --check --file "$lib/runpool.nft"
if [ -e "$lib/image.env" ]; then
  holds "the journal is limited" grep -q '^SystemMaxUse=' /etc/systemd/journald.conf.d/runpool.conf
  holds "swap is for need only" grep -q '^vm.swappiness' /etc/sysctl.d/90-runpool-swap.conf
fi
holds "no upgrade restarts runpool's units" grep -q '^[$]nrconf{override_rc}.*runpool-' /etc/needrestart/conf.d/runpool.conf
[ ! -d /etc/apt/apt.conf.d ] || holds "apt upgrades nothing by itself" grep -qsx 'APT::Periodic::Enable "0";' /etc/apt/apt.conf.d/99runpool
if [ "$phase" = image ]; then
  nothing "services of packages may start" "$(grep -lsx '# runpool' /usr/sbin/policy-rc.d)"
  nothing "nothing is left of an earlier life" "$(find /var/lib/runpool -mindepth 2 -print -quit 2>/dev/null)"
  nothing "no file of an environment is left" "$(find /etc/runpool -type f -print -quit 2>/dev/null)"
fi
