#!/bin/bash
# The SSM agent, for sessions instead of open ports; first boot starts it where the environment wants sessions.
# Canonical's AMIs bring it as a snap and Amazon's as a package: a second one beside it would fight over the same identity.
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
. "$here/fetch.sh"
snap=snap.amazon-ssm-agent.amazon-ssm-agent.service
if has_unit "$snap"; then
  version=snap
elif [ "$packages" = apt ]; then
  fetch ssm-agent "$RUNPOOL_WORK/ssm-agent.deb"
  package_install_file "$RUNPOOL_WORK/ssm-agent.deb"
else
  packages_install "" amazon-ssm-agent
fi
# Not stopped: Packer's own session may run through it.
systemctl --quiet disable "$snap" 2>/dev/null || true
systemctl --quiet disable amazon-ssm-agent.service 2>/dev/null || true
! stands_in ssm-agent || record RUNPOOL_SSM_AGENT_STANDS_IN 1
record RUNPOOL_SSM_AGENT_VERSION "${version:-$(package_version amazon-ssm-agent)}"
[ -n "${version:-$(package_version amazon-ssm-agent)}" ]
