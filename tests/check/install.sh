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
  lib/systemd/system/xdp-trafficgen.service lib/systemd/system/xdp-trafficgen.socket \
  share/xdp-trafficgen/xdp-trafficgen.default share/doc/xdp-trafficgen/LICENSE; do
  [ -s "$work/usr/$file" ] || { echo "not installed, or empty: $file"; exit 1; }
done
"$work/usr/sbin/xdp-trafficgen" --version | grep -q '^xdp-trafficgen [0-9]'
# The configured prefix may be another one than this one's.
grep -q '^ExecStart=/[^ ]*/sbin/xdp-trafficgen serve ' "$work/usr/lib/systemd/system/xdp-trafficgen.service" ||
  { echo "xdp-trafficgen.service does not start the program"; exit 1; }
if command -v systemd-analyze >/dev/null; then
  sed -i "s,^ExecStart=[^ ]*,ExecStart=$work/usr/sbin/xdp-trafficgen," "$work/usr/lib/systemd/system/xdp-trafficgen.service"
  systemd-analyze verify --man=no "$work"/usr/lib/systemd/system/xdp-trafficgen.service \
    "$work"/usr/lib/systemd/system/xdp-trafficgen.socket >"$work/said" 2>&1 && ! grep -q xdp-trafficgen "$work/said" ||
    { cat "$work/said"; exit 1; }
fi
for shell in bash:bash-completion/completions/xdp-trafficgen zsh:zsh/site-functions/_xdp-trafficgen \
  fish:fish/vendor_completions.d/xdp-trafficgen.fish; do
  "$work/usr/sbin/xdp-trafficgen" completion "${shell%%:*}" | cmp - "$work/usr/share/${shell#*:}"
done
