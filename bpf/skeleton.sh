#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# skeleton.sh BPFTOOL OBJECT NAME: the skeleton of bpftool, on standard output, with the object packed.
set -eu
"$1" gen skeleton "$2" name "$3" >"$2.skel"
gzip -9nc "$2" | od -An -v -tx1 | sed 's/ /\\x/g; s/.*/    "&"/' >"$2.bytes"
awk -v bytes="$2.bytes" -v size="$(wc -c <"$2")" '
  NR == 1 { print; print "#include \"xdp/unpacked.h\""; next }
  /__elf_bytes\(size_t \*sz\)$/ {
    print; print "{"
    print "  static const char packed[] ="
    while ((getline line < bytes) > 0) print line
    print "    ;"
    print "  static const auto object = xtg::xdp::unpacked({packed, sizeof(packed) - 1}, " size ");"
    print "  *sz = object.size();"
    print "  return object.data();"
    inside = replaced = 1
  }
  !inside
  /^}/ { if (inside) print; inside = 0 }
  END { exit !replaced }' "$2.skel"
rm "$2.skel" "$2.bytes"
