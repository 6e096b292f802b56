#!/bin/bash
# Stand-in for actions/runner's config.sh (src/Misc/layoutroot/config.sh): same refusals, same calls.
if [ "$(id -u)" -eq 0 ] && [ -z "$RUNNER_ALLOW_RUNASROOT" ]; then
  echo "Must not run with sudo"
  exit 1
fi

DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$DIR" || exit 1

# Like env.sh there: what the configuring user's environment says is kept for the listener.
[ -f .env ] || touch .env
for name in LANG JAVA_HOME ANT_HOME M2_HOME ANDROID_HOME GRADLE_HOME NVM_BIN NVM_PATH; do
  if [ -n "${!name}" ] && ! grep -q "^$name=" .env; then echo "$name=${!name}" >>.env; fi
done
echo "$PATH" >.path

shopt -s nocasematch
if [[ "$1" == "remove" ]]; then
  ./bin/Runner.Listener "$@"
else
  ./bin/Runner.Listener configure "$@"
fi
