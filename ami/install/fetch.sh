#!/bin/bash
# The one way in for downloads: by name from the table of sources, checksum verified. Sourced by the steps.
# sources.tsv: name, version, sha256, URL; a file of that URL's name in downloads/ is taken instead of the network.
source_of() { # name column
  awk -F '\t' -v name="$1" -v column="$2" '$1 == name { print $column; found = 1 } END { exit !found }' \
    "$RUNPOOL_PAYLOAD/sources.tsv" || { echo "sources.tsv has no \"$1\"" >&2; return 1; }
}
fetch() { # name file
  local sha256 url near
  sha256=$(source_of "$1" 3) || return 1
  url=$(source_of "$1" 4) || return 1
  near=$RUNPOOL_PAYLOAD/downloads/${url##*/}
  if ! [[ $sha256 =~ ^[0-9a-f]{64}$ ]]; then
    echo "$1: no checksum is known, so nothing is installed: run ami/propose-updates.sh and check what it proposes" >&2
    return 1
  fi
  if [ -e "$near" ]; then
    cp "$near" "$2"
  else
    curl --fail --silent --show-error --location --proto '=https' --retry 5 --retry-all-errors --max-time 600 --output "$2" "$url"
  fi || return 1
  if ! echo "$sha256  $2" | sha256sum --check --status; then
    echo "$1: what came from $url has another checksum than sources.tsv says" >&2
    rm -f "$2"
    return 1
  fi
}
# The folder of downloads may say that some of it only stands for the real thing; the spec then says so.
stands_in() { # name
  grep -qsx "$1" "$RUNPOOL_PAYLOAD/downloads/stand-ins"
}
# What the spec expects later: one line a fact.
record() { # NAME value
  install -d /usr/lib/runpool
  touch /usr/lib/runpool/image.env
  sed -i "/^$1=/d" /usr/lib/runpool/image.env
  printf '%s=%q\n' "$1" "$2" >>/usr/lib/runpool/image.env
}
