#!/bin/bash
# Starts the listener stand-in under the real one's name. @NODE@ is put in when it is installed; without it, node of PATH.
BIN="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
NODE="@NODE@"
[ -x "$NODE" ] || NODE=node
exec -a "$BIN/Runner.Listener" "$NODE" "$BIN/listener.mjs" "$@"
