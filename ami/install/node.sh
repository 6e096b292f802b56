#!/bin/bash
# Node.js for the agent alone: one binary, not on the path of jobs.
set -eu
here=$(dirname "$0")
. "$here/fetch.sh"
version=$(source_of node 2)
fetch node "$RUNPOOL_WORK/node.tar.gz"
rm -rf "$RUNPOOL_WORK/node" && mkdir "$RUNPOOL_WORK/node"
tar -xzf "$RUNPOOL_WORK/node.tar.gz" -C "$RUNPOOL_WORK/node" --strip-components=1 --no-same-owner
record RUNPOOL_NODE_VERSION "$version"
said=$("$RUNPOOL_WORK/node/bin/node" --version)
[ "$said" = "v$version" ] || { echo "node says $said, not v$version"; exit 1; }
