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
  "$binary" "$command" --help | sed -n "s/^  *-/$command -/p" >>"$work/ranges"
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
  /^\.Bl / { depth++ }
  depth == 1 && (/^\.It / || /^\.El/) { flush() }
  /^\.El/ { depth-- }
  depth == 1 && /^\.It Fl / {
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
# The range of values that --help names, "64 (IPv6: 66) to 3412", stands in the man page as well.
awk '
  FNR == 1 { file++ }
  file == 1 && /^\.Ss / { command = $2 }
  file == 1 && /^\.Sh / { command = "" }
  file == 1 && /^\.(It|El)/ { item = "" }
  file == 1 && command != "" && /^\.It Fl / {
    for (i = 2; i <= NF; i++) if ($i == "Fl") item = item " -" $(i + 1)
    gsub(/\\/, "", item)
    item = item " "
  }
  file == 1 && item != "" { words[command item] = words[command item] " " $0 }
  file == 2 {
    if (!match($0, /[0-9]+( \(IPv6: [0-9]+\))? to [0-9]+/)) next
    range = substr($0, RSTART, RLENGTH)
    sub(/ \(IPv6: [0-9]+\)/, "", range)
    match($0, /--[a-z-]+/)
    option = substr($0, RSTART, RLENGTH)
    found = 0
    for (key in words)
      if (index(key, $1 " ") == 1 && index(key, " " option " ") && index(words[key], range)) found = 1
    ranges++
    if (!found) { print "the man page does not say of " $1 " " option ": " range; bad = 1 }
  }
  END { if (bad || ranges < 20) exit 1 }
' "$page" "$work/ranges" || exit 1
echo "$(grep -c default "$work/help") options of $(echo "$commands" | wc -w) commands agree"
