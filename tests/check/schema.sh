#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# schema.sh SAMPLES DIRECTORY: all that the reporters write is valid, and the check finds what is not.
set -eu
here=$(dirname "$0")
samples=$1
dir=$2
check="$here/schema_check.py"
. "$here/skip.sh"

rm -rf "$dir"
"$samples" "$dir"
python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
  skip "python3-jsonschema (4.0 or later) is missing"

python3 "$check" --schema-too "$dir"/*.json
python3 "$check" --lines "$dir"/*.jsonl
python3 "$check" --lines <"$dir/run.jsonl"

# Each edit makes a valid document wrong; the message must be one line and name the spot.
wrong() {
  expect=$1 edit=$2
  shift 2
  sed "$edit" "$dir/$1" >"$dir/wrong"
  if cmp -s "$dir/$1" "$dir/wrong"; then
    echo "edit '$edit' changes nothing in $1"
    exit 1
  fi
  lines=
  case $1 in *.jsonl) lines=--lines ;; esac
  if python3 "$check" $lines "$dir/wrong" 2>"$dir/message"; then
    echo "accepted after '$edit': $1"
    exit 1
  fi
  if [ "$(wc -l <"$dir/message")" != 1 ] || ! grep -q "$expect" "$dir/message"; then
    echo "after '$edit' expected one line with '$expect', got:"
    cat "$dir/message"
    exit 1
  fi
}
wrong 'intervals/0/sum/xmit_pps' 's/"xmit_pps": 999000.0/"xmit_pps": "999000"/' run.json
wrong 'end/sum/accepted' 's/"accepted": 1950000/"accepted": -1/' run.json
wrong 'NaN is not JSON' 's/"cpu_seconds": 3.25/"cpu_seconds": NaN/' run.json
wrong 'exit_status' 's/"exit_status": 0/"exit_status": 1/' run.json
wrong 'exit_status' 's/"exit_status": 4/"exit_status": 0/' late-failure.json
wrong "top level.*'status' was unexpected" 's/"exit_status": 0/"status": 0/' run.json
wrong "'attempts' is a required property" '0,/"attempts"/{/"attempts"/d}' run.json
wrong 'start/configuration/streams/0/frame_size' 's/"frame_size": 64,/"frame_size": 63,/' run.json
wrong 'start/schema' 's/"schema": 1,/"schema": 2,/' run.json
wrong "start/configuration/test.*'command' is a required property" 's/"command": "udp",//' run.json
wrong 'end/reason' 's/"reason": "duration"/"reason": "boredom"/' run.json
wrong ':2: data/workers' 's/"workers":\[.*\]/"workers":3/' run.jsonl
wrong 'not JSON' '$s/}$//' run.jsonl
wrong 'frames/1/hex' '/"seq": 1/{n;s/"hex": ".*"/"hex": "0g"/}' plan.json
wrong 'intervals/0/sum/rtt_us' 's/"rtt_us": 1250,/"rtt_us": "1250",/' tcp.json
wrong "retransmits_by_cause.*'sack' is a required property" '0,/"sack"/{/"sack"/d}' tcp.json
wrong 'end/flows/2/close' 's/"close": "peer_reset"/"close": "sulk"/' tcp.json
wrong "end/negotiated.*'timestamps' is a required property" '/"timestamps"/d' tcp.json
wrong 'end/rtt_us' 's/"count": 200/"count": -200/' tcp.json
wrong 'start/configuration/protocol' 's/"protocol": "tcp"/"protocol": "sctp"/' tcp.json
wrong 'start/configuration/rate' 's/"target_pps": null,/"target_pps": 0,/' tcp.json
wrong 'exit_status' 's/"exit_status": 5/"exit_status": 0/' tcp-refused.json
wrong ':3: data/src_port' 's/"at":1.25,"number":2,"src_port":40002/"at":1.25,"number":2,"src_port":70000/' tcp-failure.jsonl
wrong "'at' is a required property" 's/"at":1.25,//' tcp-failure.jsonl
wrong 'plan/burst' 's/"burst": 45/"burst": 65/' tcp-plan.json
wrong 'intervals/0/sum/lost_packets' 's/"lost_packets": 12,/"lost_packets": 12.5,/' rx.json
wrong 'intervals/0/sum/delay_us/p9999' 's/"p9999": 1999.486/"p9999": "2000"/' rx.json
wrong 'end/streams/0/clock' 's/"clock": "differs"/"clock": "slow"/' rx-two-streams.json
wrong 'end/sum/negative_delay_worst_us' 's/"negative_delay_worst_us": -3.2/"negative_delay_worst_us": 3.2/' rx.json
wrong 'end/streams/0/mirror/residence_included' 's/"residence_included": false/"residence_included": 0/' rx-mirrored.json
wrong 'end/streams/0/mirror/back' 's/"lost_packets": 7,/"lost_packets": 7.5,/' rx-mirrored.json
wrong 'end/sum/path' 's/"path": "round-trip"/"path": "back"/' rx-mirrored.json
wrong 'end/sum/loss_bursts' 's/"longest": 9/"longest": -9/' rx.json
wrong "end/aside.*'no_slot' is a required property" '/"no_slot"/d' rx.json
wrong 'end/expect/0/held' 's/"held": false/"held": null/' rx.json
wrong 'start/configuration/attached' 's/"attached": "native"/"attached": "offload"/' rx.json
wrong 'exit_status' 's/"exit_status": 5/"exit_status": 0/' rx-nothing.json
wrong ':2: data/sum/packets' 's/"packets":1010/"packets":-1/' rx.jsonl
wrong 'end/ledger/0/limited_by' 's/"limited_by": "generator"/"limited_by": "fate"/' exchange.json
wrong "end/ledger/0.*'late' is a required property" '/"late":/d' exchange.json
wrong 'checks/0/verdict' 's/"info"/"maybe"/' probe.json
rm -f "$dir/empty"
: >"$dir/empty"
! python3 "$check" "$dir/empty" 2>/dev/null
