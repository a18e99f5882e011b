#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One branch is a tunnel, IP in IP: its packets have 20 bytes more each, and are known all the same.
. "$(dirname "$0")/lib.sh"
device_runs tunnel
send "rx@eth1=1/2,rx@eth2=1/2,loss=0%,bytes@eth1=$((2200 * 128)),bytes@eth2=$((2200 * 148))" -s 128 -n 4400
