#!/bin/bash
# GitHub's runner, unpacked, and the libraries that its .NET needs (actions/runner, "Install dependencies for Linux").
set -eu
here=$(dirname "$0")
. "$here/distro.sh"
. "$here/fetch.sh"
version=$(source_of runner 2)
fetch runner "$RUNPOOL_WORK/runner.tar.gz"
rm -rf "$RUNPOOL_WORK/runner" && mkdir "$RUNPOOL_WORK/runner"
tar -xzf "$RUNPOOL_WORK/runner.tar.gz" -C "$RUNPOOL_WORK/runner" --no-same-owner
if [ "$packages" = apt ]; then icu=$(icu_package); else icu=libicu; fi
packages_install "libkrb5-3 zlib1g libssl3 $icu" "krb5-libs zlib openssl-libs lttng-ust $icu"
record RUNPOOL_RUNNER_VERSION "$version"
# A stand-in runs on the agent's node, which is not installed yet: it cannot say its version before.
if stands_in runner; then
  record RUNPOOL_RUNNER_STANDS_IN 1
else
  said=$("$RUNPOOL_WORK/runner/bin/Runner.Listener" --version)
  [ "$said" = "$version" ] || { echo "the runner says $said, not $version"; exit 1; }
fi
[ -x "$RUNPOOL_WORK/runner/bin/Runner.Listener" ] && [ -x "$RUNPOOL_WORK/runner/config.sh" ]
