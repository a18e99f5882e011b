/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The checksum of an announcement, written by its sender and verified by receivers: SipHash-2-4
 * over the fields after the sum and then the signature, with the flag that a reflector sets taken
 * as 0. What a reflector writes in between is not in it. The key is that of --key, or zero: then
 * the sum only detects damage, so that no flipped bit turns another frame into an announcement. */
#pragma once

#include "signature.h"
#include "siphash.h"

#define XTG_SIG_SUM_U64S ((XTG_SIG_ANNOUNCE_LEN - XTG_SIG_ANNOUNCE_SUM + XTG_SIG_FULL_LEN) / 8)
#define XTG_SIG_FLAGS_U64 2 /* of the signature: its lowest byte, as a number of the wire */

/* `fields`: those of a struct xtg_sig_announce after its sum; `signature`: a struct xtg_sig_full;
 * both as they lie in memory. */
static inline __u64 xtg_announce_sum(const struct xtg_sip_key* key, const __u64* fields,
                                     const __u64* signature) {
  struct xtg_sip s;
  __u64 reflected = 0;
  __u32 i;
  ((__u8*)&reflected)[7] = XTG_SIG_F_REFLECTED;
  xtg_sip_begin(&s, key);
  for (i = 0; i < (XTG_SIG_ANNOUNCE_LEN - XTG_SIG_ANNOUNCE_SUM) / 8; i++)
    xtg_sip_add(&s, fields[i]);
  for (i = 0; i < XTG_SIG_FULL_LEN / 8; i++)
    xtg_sip_add(&s, i == XTG_SIG_FLAGS_U64 ? signature[i] & ~reflected : signature[i]);
  return xtg_sip_end(&s, XTG_SIG_SUM_U64S);
}
