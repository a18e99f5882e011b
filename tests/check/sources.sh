#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compiles every source file and every header by itself: sources.sh SOURCE CXX CC SHARD SHARDS FLAG...
# A missing include shows nowhere else, because builds of the tests compile files together.
set -eu
source=$1 cxx=$2 cc=$3 shard=$4 shards=$5
shift 5
cd "$source"

# Each of these is a part of the TCP sender, over functions that its includer supplies (bpf/tcp_maps.bpf.h).
parts=' tcp_board.h tcp_cc.h tcp_file.h tcp_input.h tcp_loss.h tcp_output.h tcp_undo.h '
number=0 failed=
mine() {
  number=$((number + 1))
  [ $((number % shards)) -eq "$shard" ]
}
cxx() { $cxx -std=c++20 -fsyntax-only -Wall -Werror -Isrc -Iinclude "$@"; }

for file in src/*/*.cpp src/*.cpp; do
  if mine; then cxx "$@" "$file" || failed="$failed $file"; fi
done
for header in src/*/*.h include/xtg/*/*.h; do
  case $parts in *" ${header##*/} "*) continue ;; esac
  # The first include of a source file is its own header.
  own=${header%.h}.cpp
  if [ -f "$own" ] && [ "$(grep -m 1 '^#include' "$own")" = "#include \"${header#*/}\"" ]; then continue; fi
  mine || continue
  echo "#include \"${header#*/}\"" | cxx "$@" -x c++ - || failed="$failed $header"
  case $header in
  include/*)
    echo "#include \"${header#*/}\"" | $cc -std=gnu17 -fsyntax-only -Iinclude -x c - || failed="$failed $header(C)"
    ;;
  esac
done
[ -z "$failed" ] && exit 0
echo "not complete by themselves:$failed" >&2
exit 1
