#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All comes back on the port that it left by.
. "$(dirname "$0")/lib.sh"
device_runs reflect
send 'rx=1/1,rx@eth1=1/1,rx@eth2=0,loss=0%,dup=0' -s 128 -n 4400
send 'rx@eth1=1/1,rx@eth2=0,loss=0%' -s 64 -n 4400
