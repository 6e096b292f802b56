#!/bin/bash
# Does one request of the agent, <id>.<verb>.<number>, and answers it: the exit code on the first line, words below.
set -u
[[ $1 =~ ^([0-9a-f]{8,40})\.([a-z-]+)\.([0-9]{1,9})$ ]] || exit 64
id=${BASH_REMATCH[1]} verb=${BASH_REMATCH[2]} number=$((10#${BASH_REMATCH[3]}))
here=/usr/lib/runpool
answers=/run/runpool/answers
answer() { # code words
  printf '%s\n%s\n' "$1" "$2" >"$answers/.$id" && mv -f "$answers/.$id" "$answers/$id"
}
find "$answers" -type f -mmin +60 -delete
case $verb in
start | freeze | thaw | stop | kill | destroy)
  # One at a time upon a root: an agent that has died may have asked for what the next one undoes.
  exec 9>"/run/runpool/runners/$number.lock" && flock 9
  words=$("$here/runner-$verb.sh" "$number" 2>&1)
  ;;
prepare) words=$("$here/prepare.sh" 2>&1) ;;
power-off) words=$(systemctl poweroff --no-block 2>&1) ;;
*) exit 64 ;;
esac
code=$?
answer "$code" "$words"
[ "$code" = 0 ] || echo "$verb $number: $code $words"
