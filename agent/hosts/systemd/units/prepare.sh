#!/bin/bash
# Runs the operator's /etc/runpool/pre-runner.sh once a boot, whatever it holds; later calls give the first outcome.
# Says the exit code (124: stopped by its time limit) on the first line, the last lines below.
set -u
folder=/var/lib/runpool/prepare
unit=runpool-prepare.service
outcome=/run/runpool/prepared
exec 9>/run/runpool/prepare.lock
flock 9
if [ ! -e "$outcome" ] && ! grep -qs '[^[:space:]]' /etc/runpool/pre-runner.sh; then
  echo 0 >"$outcome"
fi
if [ ! -e "$outcome" ]; then
  if [ ! -e /run/runpool/preparing ]; then
    # No mark of Windows' editors, no line ends of theirs; bash where nothing else is named.
    sed -e '1s/^\xEF\xBB\xBF//' -e 's/\r$//' /etc/runpool/pre-runner.sh >"$folder/.text" || exit 1
    { [ "$(head -c 2 "$folder/.text")" = '#!' ] || echo '#!/bin/bash'; cat "$folder/.text"; } >"$folder/.script" || exit 1
    rm "$folder/.text"
    chmod 0755 "$folder/.script" && mv -f "$folder/.script" "$folder/script" || exit 1
    touch /run/runpool/preparing
  fi
  # Runs already where an earlier request was cut short; has failed already: is not run twice.
  [ "$(systemctl show -P ActiveState "$unit")" = failed ] || systemctl start "$unit" 9>&- 2>/dev/null
  code=$(systemctl show -P ExecMainStatus "$unit")
  [ "$(systemctl show -P ExecMainCode "$unit")" = 1 ] || code=$((code + 128))
  [ "$(systemctl show -P Result "$unit")" != timeout ] || code=124
  journalctl --sync
  # By identifier: the journal may not know any more of which unit a process was that has ended. No job has run yet that could forge it.
  { echo "$code" || exit 1; journalctl --boot --identifier=runpool-prepare --lines=20 --output=cat --quiet | tail -c 65536; } >"$outcome.new"
  mv -f "$outcome.new" "$outcome"
  rm -f "$folder/script"
fi
cat "$outcome"
