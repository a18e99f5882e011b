/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel programs of `tcp`: a separate object, because its maps are large. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "xtg/abi/base.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_wheel.h"

char _license[] SEC("license") = "GPL";

#include "tcp_maps.bpf.h"
#include "xtg/abi/tcp_input.h"
#include "xtg/abi/tcp_output.h"
#include "xtg/abi/tcp_file.h"
#include "tcp_rx.bpf.h"
#include "tcp_tx.bpf.h"
#include "tcp_count.bpf.h"
#include "tcp_egress.bpf.h"
#include "tcp_recent.bpf.h"

SEC("xdp")
int xtg_tcp_pass(struct xdp_md* ctx) {
  return XDP_PASS;
}
