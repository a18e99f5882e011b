#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# completion_check.sh BINARY: each script is correct for its shell, where that is installed, and bash
# completes what it should.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/skip.sh"
binary=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

command -v bash >/dev/null || skip "bash is missing"
for shell in bash zsh fish; do
  "$binary" completion $shell >"$work/$shell"
  if command -v $shell >/dev/null; then
    $shell -n "$work/$shell"
    echo "$shell: syntax is right"
  else
    echo "$shell: not installed, only made"
  fi
done

cat >"$work/ask" <<'ASK'
. "$1"
failed=0
# expect "what is offered" word...: the last word is the one to complete
expect() {
  local wanted=$1
  shift
  COMP_WORDS=(xdp-trafficgen "$@")
  COMP_CWORD=$#
  _xdp_trafficgen
  [[ "${COMPREPLY[*]}" == "$wanted" ]] && return
  echo "bash: $*: offered '${COMPREPLY[*]}' instead of '$wanted'"
  failed=1
}
expect 'udp' u
expect 'tcp tcp-sink' t
expect 'rx reflect report' r
expect 'auto native generic tc' rx --mode ''
expect 'lo' rx lo
expect 'reflect report' re
expect 'auto xdp tx redirect tc' reflect --via ''
expect 'none reno cubic' tcp --congestion ''
expect 'keep-open' tcp --close keep
expect '--bytes --bytes-per-flow' tcp server1 --bytes
expect 'demo' de
expect '--payload' udp eth0 --pay
expect '--dst-mac --dst-addr --dst-port' udp --dst
expect 'zeros pattern random text' udp --payload ''
expect 'product' udp --vary pro
expect 'product' udp --vary = pro
expect 'l1 l2 l3' udp --rate-layer =
expect '' udp --rate ''
expect 'lo' udp lo
expect 'lo' probe -i lo
expect '--quiet' udp --qui
expect 'fish' completion f
COMP_WORDS=(xdp-trafficgen demo --queues 2 -- bas) COMP_CWORD=5
_xdp_trafficgen
[[ " ${COMPREPLY[*]} " == *' bash '* ]] || { echo "bash: demo --: no commands offered"; failed=1; }
exit $failed
ASK
bash --norc "$work/ask" "$work/bash"
