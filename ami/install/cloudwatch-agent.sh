#!/bin/bash
# The CloudWatch agent, not enabled: an environment that ships logs starts it. Amazon Linux signs its own package.
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
. "$here/fetch.sh"
if [ "$packages" = apt ]; then
  fetch cloudwatch-agent "$RUNPOOL_WORK/cloudwatch-agent.deb"
  package_install_file "$RUNPOOL_WORK/cloudwatch-agent.deb"
else
  packages_install "" amazon-cloudwatch-agent
fi
systemctl --quiet disable amazon-cloudwatch-agent.service 2>/dev/null || true
! stands_in cloudwatch-agent || record RUNPOOL_CLOUDWATCH_AGENT_STANDS_IN 1
record RUNPOOL_CLOUDWATCH_AGENT_VERSION "$(package_version amazon-cloudwatch-agent)"
[ -n "$(package_version amazon-cloudwatch-agent)" ]
