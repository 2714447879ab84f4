#!/bin/sh
# SPDX-License-Identifier: MIT
# Waits until the test process is gone, however it ended, then ends the
# servers whose files are under $1 and removes the folder. Standard input is
# a pipe only the test process holds: its end of file is that process's end.
trap '' INT TERM HUP
root=$1
case $root in
  */holdfast-??????) ;;
  *) exit 1 ;;
esac
cat >/dev/null

# A pid file can be stale and its number reused: the command line decides.
ours() {
  tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$root"
}

alive=
for file in "$root"/*/data/postmaster.pid "$root"/*/pgbouncer.pid; do
  [ -f "$file" ] || continue
  pid=$(head -n 1 "$file")
  if [ -n "$pid" ] && ours "$pid"; then
    kill -QUIT "$pid" 2>/dev/null
    kill -CONT "$pid" 2>/dev/null
    alive="$alive $pid"
  fi
done
tries=0
while [ -n "$alive" ] && [ "$tries" -lt 80 ]; do
  left=
  for pid in $alive; do
    if ours "$pid"; then
      left="$left $pid"
    fi
  done
  alive=$left
  tries=$((tries + 1))
  [ -z "$alive" ] || sleep 0.1
done
for pid in $alive; do
  kill -KILL "$pid" 2>/dev/null
done
rm -rf "$root"
