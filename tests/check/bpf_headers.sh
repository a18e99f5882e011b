#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Compiles every header of the kernel programs alone: bpf_headers.sh SOURCE CLANG ARCHITECTURE
# Not those that are a part of their includer, which supplies what they need: the rules of TCP and of sequence numbers.
set -eu
source=$1 clang=$2 architecture=$3
cd "$source"

parts=' tcp_board.h tcp_cc.h tcp_file.h tcp_input.h tcp_loss.h tcp_output.h tcp_undo.h rx_seq.h tcp_cut.bpf.h tcp_icmp.bpf.h '
failed=
for header in bpf/*.bpf.h include/xtg/abi/*.h; do
  case $parts in *" ${header##*/} "*) continue ;; esac
  echo "#include \"$header\"" | $clang -target bpf -O2 -fsyntax-only -Wall -Werror -Wno-unused-function -I. -Iinclude \
    -idirafter "/usr/include/$architecture" -x c - || failed="$failed $header"
done
[ -z "$failed" ] && exit 0
echo "not complete by themselves:$failed" >&2
exit 1
