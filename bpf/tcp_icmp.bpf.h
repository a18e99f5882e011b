/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP (RFC 792, 1191) and ICMPv6 (RFC 4443, 8201) errors about our segments. The kernel's socket
 * ignores them, because it does not know how far we have sent. */
#pragma once

#define RX_ICMP 8 /* its header, before the packet that it quotes */

/* A quoted sequence number is accepted if its segment is outstanding (RFC 5927, 4.1). */
static __always_inline bool rx_quotes_ours(struct rx_scratch* s, const __u8* ports) {
  __u32 number, seq = rx_u32(ports + 4);
  struct xtg_tcp_place* place;
  struct xtg_tcp_flow* f;

  __builtin_memcpy(&s->key.local_port, ports, 2);
  __builtin_memcpy(&s->key.remote_port, ports + 2, 2);
  place = bpf_map_lookup_elem(&tcp_places, &s->key);
  if (!place) return false;
  number = place->flow;
  f = bpf_map_lookup_elem(&tcp_flows, &number);
  return f && seq - (f->isn + (__u32)f->una) <= (__u32)(f->sent_end - f->una);
}

/* Handles the ICMP message at offset `at`. The kernel gets it in any case. */
static __always_inline void rx_icmp(void* ctx, struct rx_scratch* s, const bool tc, __u32 at) {
  const bool ipv6 = xtg_tcp_c()->ipv6;
  const __u32 ip = ipv6 ? RX_V6 : RX_V4;
  const __u8* quoted = s->payload + RX_ICMP;
  __u32 type, code;

  if (rx_load(ctx, tc, at, s->payload, RX_ICMP + ip + 8)) return;
  type = s->payload[0];
  code = s->payload[1];
  __builtin_memset(&s->key, 0, sizeof(s->key));
  if (ipv6) {
    if (type < 1 || type > 4 || quoted[6] != 6) return;
    __builtin_memcpy(s->key.local, quoted + 8, 16);
    __builtin_memcpy(s->key.remote, quoted + 24, 16);
  } else {
    if ((type != 3 && type != 11 && type != 12) || quoted[0] != 0x45 || quoted[9] != 6) return;
    __builtin_memcpy(s->key.local, quoted + 12, 4);
    __builtin_memcpy(s->key.remote, quoted + 16, 4);
  }
  if (!rx_quotes_ours(s, quoted + ip)) return;
  if (ipv6 ? type == 2 : type == 3 && code == 4) {
    tcp_icmp.mtu = ipv6 ? rx_u32(s->payload + 4) : rx_u16(s->payload + 6);
    __sync_fetch_and_add(&tcp_icmp.too_big, 1);
  } else {
    tcp_icmp.last = type << 8 | code;
    __sync_fetch_and_add(&tcp_icmp.errors, 1);
  }
}
