#!/bin/sh
# SPDX-License-Identifier: MIT
# Reads lines `+pid` and `-pid` of process groups that were started and that
# ended. Standard input is a pipe only the test process holds: at its end of
# file that process is gone, and what is still there is ended.
trap '' INT TERM HUP
groups=
while read -r line; do
  pid=${line#?}
  case $line in
    +*) groups="$groups $pid " ;;
    -*)
      left=
      for group in $groups; do
        [ "$group" = "$pid" ] || left="$left $group "
      done
      groups=$left
      ;;
  esac
done
for group in $groups; do
  kill -KILL "-$group" 2>/dev/null
done
exit 0
