#!/bin/bash
# Spec, versions: what is installed says that it is what was recorded when the image was made. Sourced by check.sh.
lib=${lib:-/usr/lib/runpool} phase=${phase:-image}
# On a machine that was not baked here nothing was recorded: then being there is what counts.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ] || { echo "it is $1"; return 1; }; }
node_said=$("$lib/node" --version 2>&1 | head -n 1)
if [ -n "${RUNPOOL_NODE_VERSION:-}" ]; then
  equals "Node.js of the agent" "$node_said" "v$RUNPOOL_NODE_VERSION"
else
  holds "Node.js of the agent is 24 or newer" at_least "${node_said#v}" 24
fi
runner_said=$(RUNNER_ALLOW_RUNASROOT=1 "$lib/runner/bin/Runner.Listener" --version 2>/dev/null | head -n 1)
if [ -n "${RUNPOOL_RUNNER_STANDS_IN:-}" ] || [ -e "$lib/runner/bin/stand-in.json" ]; then
  stand_in "GitHub's runner: its version and its libraries are not judged"
elif [ -n "${RUNPOOL_RUNNER_VERSION:-}" ]; then
  equals "GitHub's runner" "$runner_said" "$RUNPOOL_RUNNER_VERSION"
else
  # GitHub registers none that is older.
  holds "GitHub's runner is 2.329.0 or newer" at_least "${runner_said:-0}" 2.329.0
fi
holds "the agent's bundle is JavaScript that Node.js reads" "$lib/node" --check "$lib/agent.mjs"
if [ -n "${RUNPOOL_AGENT_SHA256:-}" ]; then
  equals "the agent's bundle (sha256)" "$(sha256sum <"$lib/agent.mjs" | cut -d ' ' -f 1)" "$RUNPOOL_AGENT_SHA256"
fi
if [ -n "${RUNPOOL_DOCKER_AT_LEAST:-}" ]; then
  docker_said=$(docker --version 2>&1 | sed -n 's/.*version \([0-9.]*\).*/\1/p')
  holds "docker is $RUNPOOL_DOCKER_AT_LEAST or newer" at_least "${docker_said:-0}" "$RUNPOOL_DOCKER_AT_LEAST"
fi
for tool in git curl tar jq nft setpriv pgrep pkill flock awk keyctl cloud-init; do holds "$tool is there" command -v "$tool"; done
for name in cloudwatch ssm; do
  wanted=RUNPOOL_${name^^}_AGENT_VERSION
  [ -n "${!wanted:-}" ] || continue
  stands=RUNPOOL_${name^^}_AGENT_STANDS_IN
  if [ -n "${!stands:-}" ]; then stand_in "the $name agent: an empty package of its name"; continue; fi
  [ "${!wanted}" != snap ] || { holds "the ssm agent is there, as a snap" has_unit snap.amazon-ssm-agent.amazon-ssm-agent.service; continue; }
  found=$(dpkg-query -W -f '${Version}' "amazon-$name-agent" 2>/dev/null || rpm -q --qf '%{VERSION}' "amazon-$name-agent" 2>&1)
  equals "the $name agent" "$found" "${!wanted}"
done
