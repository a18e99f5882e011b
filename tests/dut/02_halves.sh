#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Half of it comes to each of two ports.
. "$(dirname "$0")/lib.sh"
device_runs halves
send 'rx@eth1=1/2,rx@eth2=1/2,rx=1/1,loss=0%,dup=0' -s 128 -n 4400
