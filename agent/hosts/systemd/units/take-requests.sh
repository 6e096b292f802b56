#!/bin/bash
# Empties the agent's spool: a well-formed name becomes a unit, anything else is thrown away. Names only, contents are never read.
set -u
cd /run/runpool/requests || exit 1
shopt -s nullglob
for name in [0-9a-f]*; do
  rm -rf -- "./$name"
  if [[ $name =~ ^[0-9a-f]{8,40}\.(start|freeze|thaw|stop|kill|destroy|prepare|power-off)\.[0-9]{1,9}$ ]]; then
    systemctl start --no-block "runpool-request@$name.service"
  else
    echo "not a request: $(printf %q "${name:0:100}")"
  fi
done
