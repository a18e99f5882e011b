#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# By source address: three quarters and one; three quarters and none.
. "$(dirname "$0")/lib.sh"
device_runs by_rule
rule 11 11 11 12
send 'rx@eth1=3/4,rx@eth2=1/4,rx=1/1,loss=0%' -s 128 -n 4400 --src-addr 10.1.0.0-10.1.0.3
rule 11 11 11 0
send 'rx@eth1=3/4,rx@eth2=0,rx=3/4,lost=1100' -s 128 -n 4400 --src-addr 10.1.0.0-10.1.0.3 --drain 200ms
