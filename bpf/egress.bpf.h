/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths other than XDP transmit: xtg_egress sends frames on from the ingress device to the
 * interface: out of it, through its queueing discipline, or into it, as if it had received them.
 * The tracepoints around the driver's transmit function say what it took, kfree_skb what was
 * dropped, and where. See skb.bpf.h. */
#pragma once

#include "count.bpf.h"
#include "skb.bpf.h"
#include "tx_restore.bpf.h"

/* The tag: six bits of the stream, nine of the frame's number. A redirect into an interface clears
 * skb_iif; there the worker is in the place of the number, and the run is in the hash. */
#define XTG_TAG_NUMBERS 512U
XTG_STATIC_ASSERT(XTG_MAX_STREAMS* XTG_TAG_NUMBERS <= XTG_TAG, "a tag has 15 bits");
XTG_STATIC_ASSERT(XTG_MAX_BATCH < XTG_TAG_NUMBERS, "tells the frames of a batch apart");

static __always_inline __u32 tag_of(__u32 stream, __u64 number) {
  return XTG_TAG | (stream & (XTG_MAX_STREAMS - 1)) * XTG_TAG_NUMBERS |
         (number & (XTG_TAG_NUMBERS - 1));
}

static __always_inline __u32 stream_of(__u32 tag) {
  return tag / XTG_TAG_NUMBERS & (XTG_MAX_STREAMS - 1);
}

static __always_inline __u32 receive_tag(__u32 stream, __u32 worker) {
  return XTG_TAG | (stream & (XTG_MAX_STREAMS - 1)) * XTG_TAG_NUMBERS | (worker & 0x1ff);
}

/* The flow's hash stays with a received frame, and unlike the mark no policy looks at it. Its lower
 * 22 bits are the run, by the ingress devices' indexes, which no other run has in this network
 * namespace. The upper ones spread flows over CPUs (RPS) and queues as before. */
#define XTG_RUN_BITS 0x3fffffU
static __always_inline __u32 run_number(void) {
  return config.ingress_base >> 8 & XTG_RUN_BITS;
}

static __always_inline __u32 sign_received(struct __sk_buff* skb, __u32 stream, __u32 worker) {
  bpf_set_hash(skb, (bpf_get_hash_recalc(skb) & ~XTG_RUN_BITS) | run_number());
  return receive_tag(stream, worker);
}

static __always_inline bool received_by_us(const struct sk_buff* skb) {
  return (skb->tc_index & XTG_TAG) && (skb->hash & XTG_RUN_BITS) == run_number();
}

/* Whose frame it is; n_workers: a control frame; above that: not ours. */
static __always_inline __u32 frame_worker(const struct sk_buff* skb) {
  return (__u32)skb->skb_iif - config.ingress_base;
}

/* What the stack dropped of what the interface received, by the kernel's reason. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, __u64);
} stack_drops SEC(".maps");

static __always_inline void count_error(struct xtg_tx_cursor* c, __u32 number) {
  __sync_fetch_and_add(&c->redirect_errors, 1);
  add_errno(&errnos, number, 1);
}

/* Makes an skb as long as its frame (see abi/long.h). */
static __always_inline bool lengthen(struct __sk_buff* skb, __u32 stream) {
  const struct xtg_stream* s = stream_at(stream);
  const __u32 tail = long_frames[stream & (XTG_MAX_STREAMS - 1)].tail, len = skb->len;
  __u32 whole = len + long_frames[stream & (XTG_MAX_STREAMS - 1)].extra, from = len - tail;
  __u8 moved[XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN + 8];
  __u16 field;

  if (s->n_lengths) { /* several sizes: one of the frame's own length fields */
    if (bpf_skb_load_bytes(skb, s->lengths[0].off, &field, sizeof field)) return false;
    whole = bpf_ntohs(field) - s->lengths[0].delta;
  }
  if (whole <= len) return true;
  if (tail && bpf_skb_load_bytes(skb, from, moved, at_most(tail, sizeof moved - 1))) return false;
  if (bpf_skb_change_tail(skb, whole, 0)) return false; /* with zeros */
  __u32 fill = long_config.fill ? whole - tail - from : tail;
  from &= 0xfff;
  if (fill && bpf_skb_store_bytes(skb, from, page_template + from, at_most(fill, 0x3fff), 0))
    return false;
  return !tail ||
         !bpf_skb_store_bytes(skb, whole - tail, moved, at_most(tail, sizeof moved - 1), 0);
}

/* Over lo a frame keeps its type, which at the ingress device is that of a frame for others. The
 * kernel takes packets for 127/8 only with a route attached to them, as its own on lo have. */
static __always_inline int send_on(struct __sk_buff* skb, __u64 into) {
  __u8 network = 0;

  if (!config.loopback || into) return bpf_redirect(config.to_ifindex, into);
  bpf_skb_change_type(skb, 0 /* PACKET_HOST */);
  if (skb->protocol == bpf_htons(0x0800))
    bpf_skb_load_bytes(skb, 30 /* the first byte of the destination */, &network, 1);
  return network == 127 ? bpf_redirect_neigh(config.to_ifindex, NULL, 0, 0)
                        : bpf_redirect(config.to_ifindex, 0);
}

/* Sends one frame on. A refused one is sent again with those of its batch that follow it, in
 * order, as over XDP, where a driver takes a bulk's first frames: so these are not offered now. */
SEC("tc")
int xtg_egress(struct __sk_buff* skb) {
  struct xtg_tx_worker* w = worker_of(skb->ifindex);
  const __u64 into = config.path == XTG_TX_PATH_RECEIVE ? BPF_F_INGRESS : 0;

  if (skb->ifindex == config.ingress_base + config.n_workers) {
    skb->tc_index = into ? sign_received(skb, 0, config.n_workers) : XTG_TAG;
    return send_on(skb, into);
  }
  if (!w) return TC_ACT_SHOT;
  struct xtg_tx_cursor* c = cursor_at(w->number, w->stream);
  __u64 number = w->bulk_seq++;
  if (config.resend && number - c->resend_seq < c->resend_end - c->resend_seq) {
    __sync_fetch_and_add(&c->driver_drops, 1);
    skb->tc_index = 0;
    return TC_ACT_SHOT;
  }
  if (long_config.any && !lengthen(skb, w->stream)) {
    count_error(c, 12 /* ENOMEM */);
    skb->tc_index = 0;
    return TC_ACT_SHOT;
  }
  skb->tc_index = into ? sign_received(skb, w->stream, w->number) : tag_of(w->stream, number);
  /* As if it had been received there, which the kernel's choice of the transmit queue follows. It
   * would otherwise hash the frame's flow. */
  if (c->tx_queue) skb->queue_mapping = c->tx_queue;
  return send_on(skb, into);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(xtg_tp_offer, const struct sk_buff* skb, const struct net_device* dev) {
  __u32 worker = frame_worker(skb);

  if (worker <= config.n_workers) begin_xmit(skb, dev, worker, config.to_ifindex);
  return 0;
}

/* Frames that went from our redirect straight to the driver are in their thread's hands still. */
static __always_inline void refuse(struct xtg_tx_worker* w, struct xtg_tx_cursor* c, __u32 tag) {
  __u64 number = w->bulk_seq - 1;

  if (!config.resend || tag != tag_of(w->stream, number)) return;
  if ((__u32)bpf_get_current_pid_tgid() != w->thread) return;
  xtg_take_back(w, c, number, w->seq - number);
  put_off(c, c->accepted != c->accepted_then);
  c->accepted_then = c->accepted;
}

SEC("tp_btf/net_dev_xmit")
int BPF_PROG(xtg_tp_offered, const struct sk_buff* skb, int rc, const struct net_device* dev) {
  bool taken;
  const struct in_driver* now = end_xmit(skb, rc, dev, config.to_ifindex, &taken);

  if (!now) return 0;
  if (now->worker == config.n_workers) {
    control_frames_taken += taken;
    return 0;
  }
  struct xtg_tx_worker* w = worker_of(now->worker + config.ingress_base);
  if (!w) return 0;
  struct xtg_tx_cursor* c = cursor_at(now->worker, stream_of(now->tag));
  if (taken) {
    __sync_fetch_and_add(&c->accepted, 1);
    return 0;
  }
  __sync_fetch_and_add(&c->driver_drops, 1);
  add_errno(&errnos, rc < 0 ? rc : 0, 1);
  refuse(w, c, now->tag);
  return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(xtg_tp_enter, const struct sk_buff* skb) {
  __u16 tag = skb->tc_index;
  __u32 worker = tag & 0x1ff;

  if (!received_by_us(skb) || skb->skb_iif || worker > config.n_workers ||
      !is_target(skb->dev, config.to_ifindex))
    return 0;
  target_device = (__u64)skb->dev;
  if (worker == config.n_workers) {
    control_frames_taken++;
    return 0;
  }
  __sync_fetch_and_add(&cursor_at(worker, stream_of(tag))->accepted, 1);
  return 0;
}

static __always_inline void free_sent(const struct sk_buff* skb, __u16 tag) {
  __u32 worker = frame_worker(skb);

  if (worker >= config.n_workers || dropped_by_driver(skb)) return;
  struct xtg_tx_cursor* c = cursor_at(worker, stream_of(tag));
  if (is_target(skb->dev, config.to_ifindex))
    __sync_fetch_and_add(&c->queue_drops, 1);
  else if (skb->dev->ifindex == skb->skb_iif)
    count_error(c, 19 /* ENODEV: the redirect found no interface, or one that is down */);
}

static __always_inline void free_received(const struct sk_buff* skb, __u16 tag, int reason) {
  __u32 worker = tag & 0x1ff;

  if (!received_by_us(skb) || worker >= config.n_workers) return;
  struct xtg_tx_cursor* c = cursor_at(worker, stream_of(tag));
  if (frame_worker(skb) == worker || skb->dev->ifindex == (int)(config.ingress_base + worker))
    count_error(c, 19 /* ENODEV: the redirect found no interface, or one that is down */);
  else if (skb->skb_iif == 0 && is_target(skb->dev, config.to_ifindex))
    __sync_fetch_and_add(&c->queue_drops, 1);
  else
    add_errno(&stack_drops, reason, 1);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(xtg_tp_free, const struct sk_buff* skb, const void* location, int reason) {
  __u16 tag = skb->tc_index;

  if (!(tag & XTG_TAG)) return 0;
  if (config.path == XTG_TX_PATH_RECEIVE)
    free_received(skb, tag, reason);
  else
    free_sent(skb, tag);
  return 0;
}
