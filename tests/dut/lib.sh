# SPDX-License-Identifier: BSD-2-Clause
# A tester with two ports, eth1 and eth2, and a device between them with dut1 and dut2: two namespaces of
# this test's own, gone when it ends. Sourced.
set -eu

binary=${XTG_BINARY:-xdp-trafficgen}
programs=${XTG_DUT:?the object of dut.bpf.c}
tester=xtg-lad-$$-t
device=xtg-lad-$$-d
work=$(mktemp -d)

missing() { # the only reason to skip; where the label must run, a failure
  echo "missing: $*" >&2
  case ,${XTG_REQUIRE:-}, in *,netns,*) exit 1 ;; esac
  exit 77
}
[ "$(id -u)" = 0 ] || missing root

cleanup() {
  ip netns del "$tester" 2>/dev/null || true
  ip netns del "$device" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

t() { ip netns exec "$tester" "$@"; }
d() { ip netns exec "$device" "$@"; }

mac1=02:00:00:00:01:01 mac2=02:00:00:00:02:01 dut1=02:00:00:00:01:02 dut2=02:00:00:00:02:02
ip netns add "$tester"
ip netns add "$device"
for ns in "$tester" "$device"; do
  ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null || true
done
# One queue, so that a device sees frames in one order.
ip -n "$device" link add dut1 index 11 address $dut1 numtxqueues 1 numrxqueues 1 type veth \
  peer name eth1 address $mac1 netns "$tester" numtxqueues 1 numrxqueues 1
ip -n "$device" link add dut2 index 12 address $dut2 numtxqueues 1 numrxqueues 1 type veth \
  peer name eth2 address $mac2 netns "$tester" numtxqueues 1 numrxqueues 1
ip -n "$tester" addr add 10.1.0.1/24 dev eth1
ip -n "$tester" addr add 10.2.0.1/24 dev eth2
for port in eth1 eth2; do ip -n "$tester" link set $port up; done
for port in dut1 dut2; do ip -n "$device" link set $port up; done

# device PROGRAM: what runs on both ports of the device.
device_runs() {
  for port in dut1 dut2; do
    ip -n "$device" link set dev $port xdpdrv obj "$programs" sec "xdp/$1"
  done
}

# rule WHERE0 WHERE1 WHERE2 WHERE3: the port for each source, on both ports of the device.
rule() {
  for port in dut1 dut2; do
    program=$(ip -n "$device" -j link show dev $port | sed 's/.*"prog":{"id":\([0-9]*\).*/\1/')
    map=$(bpftool prog show id "$program" | sed -n 's/.*map_ids \([0-9]*\).*/\1/p')
    key=0
    for to in "$@"; do
      bpftool map update id "$map" key $key 0 0 0 value "$to" 0 0 0
      key=$((key + 1))
    done
  done
}

# send EXPECT OPTION...: from eth1, received on both ports. A run of which the sender's driver dropped a
# frame, because the far ring was not emptied in time, is repeated at a lower rate. The fractions are of what was
# sent, so a busy machine may skip transmit times.
send() {
  expect=$1
  shift
  for rate in 10kpps 5kpps 2kpps; do
    status=0
    t "$binary" udp eth1 --rx eth1 --rx eth2 --dst-mac $dut1 --dst-addr 10.2.0.1 --rate $rate \
      --expect "$expect,unsent<10%" "$@" >"$work/out" 2>&1 || status=$?
    [ $status != 0 ] || return 0
    grep -q '^  refused  *0 ' "$work/out" || continue
    break
  done
  cat "$work/out"
  echo "expected $expect: status $status" >&2
  exit 1
}
