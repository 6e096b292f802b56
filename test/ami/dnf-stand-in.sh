#!/bin/bash
# Stands for dnf and rpm where Amazon Linux is played: records every call, knows only packages that Amazon Linux 2023 has (dnf-packages.tsv),
# and lays down the files of one that is installed.
set -u
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
installed=/var/lib/dnf-stand-in
mkdir -p "$installed"
printf '%s %s\n' "${0##*/}" "$*" >>"$installed/.calls"
if [ "${0##*/}" = rpm ]; then
  [ -e "$installed/${!#}" ] || { echo "package ${!#} is not installed"; exit 1; }
  printf 2023.1
  exit 0
fi
verb=''
for word in "$@"; do
  case $word in
  -*) ;;
  makecache | install | clean) [ -n "$verb" ] && { echo "not a package: $word"; exit 1; }; verb=$word ;;
  all) [ "$verb" = clean ] || exit 1 ;;
  *)
    [ "$verb" = install ] || { echo "No such command: $word"; exit 1; }
    files=$(awk -F '\t' -v name="$word" '$1 == name { print $2; found = 1 } END { exit !found }' "$here/dnf-packages.tsv") ||
      { echo "No match for argument: $word"; exit 1; }
    touch "$installed/$word"
    [ "$word" != docker ] || groupadd --force --system docker
    for file in $files; do
      [ -e "$file" ] && continue
      mkdir -p "${file%/*}"
      case $file in
      *.service | *.socket) printf '[Unit]\nDescription=%s\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' "$word" >"$file" ;;
      *) printf '#!/bin/sh\necho "%s version 25.0.8, build stand-in"\n' "$word" >"$file" && chmod 0755 "$file" ;;
      esac
    done
    ;;
  esac
done
