/* SPDX-License-Identifier: GPL-2.0-only */
/* The one translation unit of kernel programs: one object, one skeleton. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "xtg/abi/resend.h"
#include "xtg/abi/base.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/slots.h"
#include "xtg/abi/sweep.h"
#include "xtg/abi/tx.h"

char _license[] SEC("license") = "GPL";

#include "maps.bpf.h"
#include "tx.bpf.h"
#include "count.bpf.h"

/* Sends the page as it is: announcements, which user space makes whole. A call sends one, so no
 * page is used twice and none has to be renewed. */
SEC("xdp")
int xtg_control_frame(struct xdp_md* ctx) {
  return bpf_redirect_map(&targets, 0, XDP_DROP);
}

/* For drivers that allot their XDP transmit queues only while some program is attached. */
SEC("xdp")
int xtg_pass(struct xdp_md* ctx) {
  return XDP_PASS;
}
