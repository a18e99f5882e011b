#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# dissector.sh SAMPLES SCRIPT DIRECTORY: Wireshark finds in our own frames what we put there.
set -eu
samples=$1
script=$2
dir=$3
# Not through skip.sh: Wireshark is too large to be asked of every builder.
command -v tshark >/dev/null || {
  echo "skipped: tshark is missing"
  exit 77
}
mkdir -p "$dir"
"$samples" "$dir/signatures.pcap"
set --
for field in frame.number xtg.form xtg.seq xtg.tx_ns xtg.session xtg.stream xtg.lane xtg.stamp_each xtg.version \
  xtg.type xtg.mirror xtg.reflected xtg.mirror_cpu xtg.mirror_seq xtg.mirror_rx_ns xtg.mirror_tx_ns; do
  set -- "$@" -e "$field"
done
tshark -X "lua_script:$script" -r "$dir/signatures.pcap" -T fields -E separator=' ' "$@" \
  >"$dir/got" 2>"$dir/stderr"
# Compact: low 32 bits of seq, 48 of tx_ns, 16 of session, 8 of stream, one flag, no type.
sed 's/ *$//' "$dir/got" | diff -u - /dev/fd/3 3<<'EXPECTED' || { cat "$dir/stderr"; exit 1; }
1 2 4294967297 1311768467463790320 0xdeadbeef 510 5 1 1 0 0 0
2 1 2 95075992133360 0x0000beef 254 5  1   0
3 2 3 1311768467463790320 0xdeadbeef 510 5 0 1 0 0 0
4 1 4 95075992133360 0x0000beef 254 5  1   0
5 1 5 95075992133360 0x0000beef 254 5  1   0
6 2 6 1311768467463790320 0xdeadbeef 510 5 0 1 0 0 0
7 1 7 95075992133360 0x0000beef 254 5  1   0
8 2 8 1311768467463790320 0xdeadbeef 510 5 0 1 0 0 0
9
10
11
12 2 12 1311768467463790320 0xdeadbeef 510 5 0 1 0 1 0 0 0 0 0
13 2 13 1311768467463790320 0xdeadbeef 510 5 1 1 0 1 1 1 566265752454920 1234567890123456789 9876543210987654321
14 1 14 95075992133360 0x0000beef 254 5  1   1
15 2 15 1311768467463790320 0xdeadbeef 510 5 0 1 2 0 0
16 2 2 1311768467463790320 0xdeadbeef 510 0 0 1 2 0 0
17 2 2 1311768467463790320 0xdeadbeef 510 0 0 1 2 1 0 0 0 0 0
18 2 18 1311768467463790320 0xdeadbeef 510 5 0 1 0 0 0
19 1 20 95075992133360 0x0000beef 119 5  1   0
20 1 21 95075992133360 0x0000beef 119 5  1   0
EXPECTED
found=$(tshark -X "lua_script:$script" -r "$dir/signatures.pcap" -Y 'xtg.form == 2 && xtg.lane == 5' 2>/dev/null | wc -l)
[ "$found" = 8 ] || {
  echo "the display filter found $found frames, not 8"
  exit 1
}
found=$(tshark -X "lua_script:$script" -r "$dir/signatures.pcap" 2>/dev/null \
  -Y 'xtg.type == 2 && xtg.announce.frames == 1000000 && xtg.announce.refused == 17 && xtg.announce.threads == 3' | wc -l)
[ "$found" = 2 ] || {
  echo "$found announcements were found, not 2"
  exit 1
}
