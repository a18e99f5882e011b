#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Of eleven destination ports one goes to the second interface.
. "$(dirname "$0")/lib.sh"
device_runs by_port
send 'rx@eth1=10/11,rx@eth2=1/11,rx=1/1,loss=0%' -s 128 -n 4400 --dst-port 1000-1010
