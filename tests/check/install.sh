#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# install.sh CMAKE BUILD: what is installed is there, and the installed program runs.
set -eu
cmake=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
DESTDIR=$work "$cmake" --install "$build" --prefix /usr >/dev/null
for file in sbin/xdp-trafficgen share/man/man8/xdp-trafficgen.8 \
  share/bash-completion/completions/xdp-trafficgen share/zsh/site-functions/_xdp-trafficgen \
  share/fish/vendor_completions.d/xdp-trafficgen.fish share/xdp-trafficgen/xdp-trafficgen.schema.json \
  share/xdp-trafficgen/xdp-trafficgen-profile.schema.json share/xdp-trafficgen/xtg-signature.lua \
  share/doc/xdp-trafficgen/LICENSE; do
  [ -s "$work/usr/$file" ] || { echo "not installed, or empty: $file"; exit 1; }
done
"$work/usr/sbin/xdp-trafficgen" --version | grep -q '^xdp-trafficgen [0-9]'
for shell in bash:bash-completion/completions/xdp-trafficgen zsh:zsh/site-functions/_xdp-trafficgen \
  fish:fish/vendor_completions.d/xdp-trafficgen.fish; do
  "$work/usr/sbin/xdp-trafficgen" completion "${shell%%:*}" | cmp - "$work/usr/share/${shell#*:}"
done
