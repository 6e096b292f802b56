#!/bin/sh
# `npm run cdktf -- ARGUMENTS`: CDKTF's command line as package-lock.json beside this file has it, installed at its first use.
set -eu
here=$(dirname "$0")
installed=$here/node_modules/.installed-lock.json
if ! cmp -s "$here/package-lock.json" "$installed"; then
  echo "installing CDKTF's command line (220 MB, once)" >&2
  npm ci --prefix "$here" --ignore-scripts --no-audit --no-fund --silent
  cp "$here/package-lock.json" "$installed"
fi
exec "$here/node_modules/.bin/cdktn" "$@"
