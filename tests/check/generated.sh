#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# generated.sh GENERATE MAN: the man page and the schema of profiles are what the table of options makes of them.
set -eu
generate=$1
man=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
"$generate" man "$man/xdp-trafficgen.8.in" >"$work/page"
"$generate" schema >"$work/schema"
diff -u "$man/xdp-trafficgen.8" "$work/page" && diff -u "$man/xdp-trafficgen-profile.schema.json" "$work/schema" ||
  { echo "not current: build the target generate"; exit 1; }
# An option without a paragraph is found, and so is a paragraph without an option.
for edit in '/^@option pkt-size$/d' 's/^@option pkt-size$/@option pktsize/' '/^\.It Va weight/d'; do
  sed "$edit" "$man/xdp-trafficgen.8.in" >"$work/wrong"
  ! "$generate" man "$work/wrong" >/dev/null 2>&1 || { echo "accepted after '$edit'"; exit 1; }
done
