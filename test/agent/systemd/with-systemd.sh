#!/bin/bash
# with-systemd.sh COMMAND [ARGS...]: boots this machine's own systemd as PID 1 of fresh namespaces over a throwaway overlay of /,
# runs COMMAND in it, tears all down, exits with COMMAND's status. 169.254.169.254 is on the guest's loopback; nothing else of the network.
# GUEST_BIND: folders, separated by blanks, that the guest shares (a checkout in /tmp, /var/tmp or on another disk too); GUEST_FILES: a folder
# whose files are laid over the guest's root. 77: cannot be had here (root, overlayfs, cgroup2). 70: did not boot.
set -u
# Ends with the process that started it, however that ends.
[ -n "${GUEST_TIED:-}" ] || GUEST_TIED=yes exec setpriv --pdeathsig TERM "$0" "$@"
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }; [ -x /lib/systemd/systemd ] || { echo "there is no systemd on this machine"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd); [[ ! " ${GUEST_BIND:-} " =~ ' '(/|/tmp|/var/tmp|/run)/?' ' ]] || { echo "GUEST_BIND: the guest's boot empties it; name a folder in it"; exit 64; }
[[ ! $here =~ ^/(var/)?tmp/ && $(stat -c %d / "$here" | uniq | wc -l) = 1 ]] || GUEST_BIND="${GUEST_BIND:-} ${here%/test/agent/systemd}"
# shellcheck source=guest-cgroups.sh
. "$here/guest-cgroups.sh"
# shellcheck source=guest-sweep.sh
. "$here/guest-sweep.sh"
make_folder || exit 1
make_cgroups "${W##*/}" || { rm -rf "$W" "$W.lock"; echo "needs cgroup2"; exit 77; }
export W V1_CONTROLLERS SYSTEMD_V1 GUEST_BIND="${GUEST_BIND:-}" GUEST_FILES="${GUEST_FILES:-}"
# Enters the fresh cgroups first, so that they become the roots of its cgroup namespace. Dies with this process, and all of the guest with it.
# shellcheck disable=SC2016 # expanded by the inner shell
setpriv --pdeathsig KILL sh -c 'root=$1; shift; for group; do echo $$ >"$group/cgroup.procs" || exit 1; done
  exec unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup --propagation private "$root"' \
  _ "$here/guest-root.sh" "${GROUPS_MADE[@]}" >"$W.console" 2>&1 </dev/null 9>&- &
up=$! init='' state=''
trap 'cleanup; exit 130' HUP INT TERM
for _ in {1..600}; do
  kill -0 "$up" 2>/dev/null || break
  init=$(tr -d ' ' <"/proc/$up/task/$up/children" 2>/dev/null)
  [ -z "$init" ] || state=$(nsenter -t "$init" -a -r -w systemctl is-system-running 2>/dev/null)
  [[ ! $state =~ ^(running|degraded)$ ]] || break
  sleep 0.05 9>&-
done
[[ $state =~ ^(running|degraded)$ ]] || { tail -n 20 "$W.console"; cleanup; exit 70; }
nsenter -t "$init" -a -r -w env -i HOME=/root LANG=C.UTF-8 SYSTEMD_PAGER=cat SYSTEMD_COLORS=0 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" <&0 9>&- &
entered=$!
# A guest that powers off stops all its processes for a moment; nsenter stops with them, and nobody else would wake it.
while kill -CONT "$entered" 2>/dev/null; do sleep 0.1 9>&-; done
wait "$entered"; code=$?; cleanup; exit "$code"
