#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# man_check.sh BINARY MANPAGE: both tell of the same commands and options, with the same values and
# the same defaults.
set -eu
binary=$1
page=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The commands that --help lists.
commands=$("$binary" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
[ -n "$commands" ] || { echo "$binary --help lists no command"; exit 1; }

# "command: -s --pkt-size BYTES; default: 64", one line per option.
for command in $commands; do
  echo "$command:"
  "$binary" "$command" --help | awk -v command="$command" '
    /^  +-/ {
      left = $0
      sub(/^ +/, "", left)
      right = left
      sub(/  .*/, "", left)
      gsub(/,/, "", left)
      fallback = ""
      if (match(right, /\(default: .*\)$/))
        fallback = substr(right, RSTART + 10, RLENGTH - 11)
      print command ": " left "; default: " fallback
    }'
done | sort >"$work/help"

# The same from the sections of COMMANDS: .It Fl s , Fl -pkt-size Ar BYTES ... .Pq default: 64
awk '
  function flush() {
    if (item != "") print command ": " item "; default: " fallback
    item = ""
  }
  /^\.Sh / { flush(); inside = ($2 == "COMMANDS"); command = "" }
  !inside { next }
  /^\.Ss / { flush(); command = $2; print command ":" }
  /^\.It / || /^\.El/ { flush() }
  /^\.It Fl / {
    gsub(/\\/, "")
    fallback = ""
    for (i = 2; i <= NF; i++) {
      if ($i == "Fl") word = "-" $(++i)
      else if ($i == "Ar") word = $(++i)
      else continue
      item = item (item == "" ? "" : " ") word
    }
  }
  /^\.Pq default: / { fallback = substr($0, 14) ; sub(/^ /, "", fallback) }
' "$page" | sort >"$work/man"

if ! diff -u "$work/man" "$work/help" >"$work/diff"; then
  echo "the man page (-) and --help (+) differ:"
  grep '^[-+][^-+]' "$work/diff"
  exit 1
fi
echo "$(grep -c default "$work/help") options of $(echo "$commands" | wc -w) commands agree"
