/* SPDX-License-Identifier: GPL-2.0-only */
/* The receiver's kernel programs by tc: the same accounting, another object. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/base.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/rx_sample.h"
#include "xtg/abi/signature.h"

char _license[] SEC("license") = "GPL";

#include "xtg/abi/rx_signature.h"
#include "xtg/abi/rx_back.h"
#include "rx_maps.bpf.h" /* also required by the accounting */
#include "xtg/abi/rx_seq.h"
#include "rx_tc.bpf.h"
