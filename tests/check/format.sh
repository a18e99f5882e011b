#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# format.sh SOURCE_DIR: every C and C++ file is as .clang-format has it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/skip.sh"
cd "$1"
command -v clang-format >/dev/null || skip "clang-format is missing"
set --
for folder in src include bpf tests bench; do
  if [ -d "$folder" ]; then set -- "$@" "$folder"; fi
done
find "$@" -name 'build*' -type d -prune -o \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 |
  xargs -0 clang-format --dry-run -Werror
