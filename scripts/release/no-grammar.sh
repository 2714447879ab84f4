#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands for bison and flex where PostgreSQL's sources are configured for libpq
# alone: no grammar of the server's is compiled, but its makefiles want them all
# to be there. Writes empty files.
#
#   no-grammar.sh bison|flex --version | … -o <file> …
set -eu
program=$1
shift
if [ "${1-}" = --version ]; then
  case $program in
  bison) echo 'bison (GNU Bison) 3.8.2' ;;
  flex) echo 'flex 2.6.4' ;;
  esac
  exit
fi
out=
while [ $# -gt 0 ]; do
  case $1 in
  -o)
    out=$2
    shift
    ;;
  -o*) out=${1#-o} ;;
  esac
  shift
done
: >"$out"
if [ "$program" = bison ]; then
  : >"${out%.c}.h"
fi
