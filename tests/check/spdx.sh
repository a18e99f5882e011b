#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# spdx.sh SOURCE_DIR: every source, script and build file names its licence in its first three lines:
# GPL-2.0-only for what is loaded into the kernel, both for the shared ABI, BSD-2-Clause for the rest.
set -eu
cd "$1"
bad=$(
  for folder in src include bpf tests bench scripts man packaging .ci; do
    if [ -d "$folder" ]; then
      find "$folder" -name 'build*' -type d -prune -o -name __pycache__ -prune -o -type f -print
    fi
  done | sort | {
    cat
    ls CMakeLists.txt .clang-format .clang-tidy 2>/dev/null || true
  } | while read -r file; do
    case $file in
    *.md | *.pcap | tests/fuzz/corpus/* | packaging/copyright | packaging/changelog.in) continue ;;
    bpf/CMakeLists.txt | bpf/*.sh) licence='BSD-2-Clause' ;;
    bpf/* | *.bpf.c | *.bpf.h) licence='GPL-2.0-only' ;;
    include/xtg/abi/*) licence='GPL-2.0-only OR BSD-2-Clause' ;;
    *) licence='BSD-2-Clause' ;;
    esac
    head -n 3 "$file" | grep -aEq "SPDX-License-Identifier: $licence(\",?| \*/)?\$" ||
      echo "$file: no line 'SPDX-License-Identifier: $licence' among the first three"
  done
)
[ -z "$bad" ] || {
  echo "$bad"
  exit 1
}
