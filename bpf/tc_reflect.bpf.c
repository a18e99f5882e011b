/* SPDX-License-Identifier: GPL-2.0-only */
/* The reflector's kernel programs by tc: the same accounting, another object. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "xtg/abi/base.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/reflect.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/signature.h"

char _license[] SEC("license") = "GPL";

#include "reflect_maps.bpf.h"
#include "xtg/abi/rx_signature.h"
#include "reflect_tc.bpf.h"
