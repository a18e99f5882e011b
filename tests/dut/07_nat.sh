#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel routes and translates addresses in both directions, by nftables.
. "$(dirname "$0")/lib.sh"
command -v nft >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v nft >/dev/null || missing "the tool nft"
device_runs pass
ip -n "$device" addr add 10.1.0.254/24 dev dut1
ip -n "$device" addr add 10.2.0.254/24 dev dut2
ip -n "$device" neigh add 10.1.0.1 lladdr $mac1 dev dut1
ip -n "$device" neigh add 10.2.0.1 lladdr $mac2 dev dut2
d sysctl -qw net.ipv4.ip_forward=1
# What goes out by port 2 has its address; 10.2.0.254 port 7000 stands for the host behind port 1.
d nft -f - <<'RULES' || missing "NAT by nftables"
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "dut2" counter masquerade; }
  chain in { type nat hook prerouting priority -100; iifname "dut2" udp dport 7000 counter dnat to 10.1.0.1:7001; }
}
RULES
for rate in 4kpps 2kpps 1kpps; do
  status=0
  t "$binary" udp --port eth1,dst-mac=$dut1,dst-addr=10.2.0.1,src-addr=10.1.0.1,src-port=5000 \
    --port eth2,dst-mac=$dut2,dst-addr=10.2.0.254,src-addr=10.2.0.1,src-port=6000,dst-port=7000 \
    -s 128 -n 4000 --rate $rate --json --expect 'rx@eth1=1/2,rx@eth2=1/2,loss=0%,dup=0' >"$work/out" 2>&1 || status=$?
  [ $status != 0 ] || break
done
[ $status = 0 ] || { cat "$work/out"; exit 1; }
# Both were translated: a rule counts a connection's first packet.
[ "$(d nft list table ip nat | grep -c 'counter packets 1 ')" = 2 ] || { d nft list table ip nat; exit 1; }
