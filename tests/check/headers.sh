#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compiles every header alone: headers.sh SOURCE GENERATED CXX CC SHARD SHARDS FLAG...
# An include that is missing shows nowhere else, where files are compiled together.
set -eu
source=$1 generated=$2 cxx=$3 cc=$4 shard=$5 shards=$6
shift 6
cd "$source"

# Each of these is a part of the TCP sender, over functions that its includer supplies (bpf/tcp_maps.bpf.h).
parts=' tcp_board.h tcp_cc.h tcp_file.h tcp_input.h tcp_loss.h tcp_output.h tcp_undo.h '
number=0 failed=
for header in src/*/*.h include/xtg/*/*.h; do
  number=$((number + 1))
  [ $((number % shards)) -eq "$shard" ] || continue
  case $parts in *" ${header##*/} "*) continue ;; esac
  echo "#include \"${header#*/}\"" | $cxx -std=c++20 -fsyntax-only -Wall -Werror -Isrc -Iinclude -I"$generated" "$@" -x c++ - ||
    failed="$failed $header"
  case $header in
  include/*)
    echo "#include \"${header#*/}\"" | $cc -std=gnu17 -fsyntax-only -Iinclude -x c - || failed="$failed $header(C)"
    ;;
  esac
done
[ -z "$failed" ] && exit 0
echo "not complete by themselves:$failed" >&2
exit 1
