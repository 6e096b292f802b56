#!/bin/bash
# Asks the publishers for newer versions and writes them, with their checksums, into ami/versions.json; look at the difference, then commit it.
# Checksums that no publisher states are computed from what came over the network: those it names; check them in another way.
set -eu
cd "$(dirname "$0")/.."
exec npm run -s runpool -- ami propose --write "$@"
