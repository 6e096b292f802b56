#!/bin/bash
# Takes away what the system itself keeps of the job's user once its processes are gone: cores, and the kernel's keyrings.
set -u
# Cores of what crashed, which the system keeps: apport's belong to the user, systemd's to root; both have its number in their names.
find /var/crash /var/lib/apport/coredump /var/lib/systemd/coredump -xdev -mindepth 1 \
  \( -user runpool-job -o -name "*.$(id -u runpool-job).*" \) -delete 2>/dev/null
# The kernel's keyrings of a user outlive its processes (keyrings(7)). The unit denies jobs the calls; a pre-runner script has them.
# Within a session of its own, since only its possessor may empty a persistent keyring.
# shellcheck disable=SC2016 # expanded by the inner shell
! command -v keyctl >/dev/null || setpriv --reuid runpool-job --regid runpool-job --clear-groups -- keyctl session - sh -c \
  'for ring in @u @us "$(keyctl get_persistent @s)"; do keyctl clear "$ring"; done' >/dev/null 2>&1
exit 0
