#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The rules change while frames pass: the figures of the intervals follow.
. "$(dirname "$0")/lib.sh"
device_runs by_rule
rule 11 11 11 12
# Not by the function: a shell of its own would get the signal.
ip netns exec "$tester" "$binary" udp eth1 --rx eth1 --rx eth2 --dst-mac $dut1 --dst-addr 10.2.0.1 \
  --src-addr 10.1.0.0-10.1.0.3 -s 128 --rate 4kpps --duration 30 --interval 250ms --json-stream \
  >"$work/lines" 2>"$work/err" &
run=$!
# wait_share SHARE: until an interval has that share on eth1, of at least 100 packets.
wait_share() {
  timeout 20 python3 -c '
import json, sys, time
path, share, from_line = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
while True:
    with open(path, encoding="ascii") as file:
        lines = [line for line in file.readlines()[from_line:] if line.endswith("\n")]
    for line in lines:
        event = json.loads(line)
        if event["event"] != "interval":
            continue
        came = {flow["to"]: flow["sum"]["packets"] for flow in event["data"]["flows"]}
        whole = came["eth1"] + came["eth2"]
        if whole > 100 and abs(came["eth1"] / whole - share) < 0.01:
            sys.exit(0)
    time.sleep(0.05)
' "$work/lines" "$1" "$2" || { cat "$work/lines" "$work/err"; echo "no interval with $1 on eth1" >&2; exit 1; }
}
wait_share 0.75 0
lines=$(wc -l <"$work/lines")
rule 11 11 12 12
wait_share 0.5 "$lines"
kill -TERM $run
wait $run
# The first interval that begins after the change has it already.
python3 -c '
import json, sys
shares = []
for line in open(sys.argv[1], encoding="ascii"):
    event = json.loads(line)
    if event["event"] == "interval":
        came = {flow["to"]: flow["sum"]["packets"] for flow in event["data"]["flows"]}
        if came["eth1"] + came["eth2"] > 100:
            shares.append(came["eth1"] / (came["eth1"] + came["eth2"]))
between = [share for share in shares if abs(share - 0.75) >= 0.01 and abs(share - 0.5) >= 0.01]
assert len(between) <= 1, shares
' "$work/lines"
