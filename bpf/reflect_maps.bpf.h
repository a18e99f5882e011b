/* SPDX-License-Identifier: GPL-2.0-only */
/* What the reflector's programs share with user space. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/reflect.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/signature.h"

const volatile struct xtg_reflect_config reflect_config;

/* .bss, mapped by user space. */
struct xtg_reflect_control reflect_control;
struct xtg_rx_candidate reflect_candidates[XTG_RX_CANDIDATES];
/* A bit for the low 16 of each session of which a full signature arrived. */
__u64 reflect_known[65536 / 64];

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_reflect_cpu);
} reflect_cpus SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, XTG_REFLECT_STREAMS);
  __type(key, __u32);
  __type(value, struct xtg_reflect_stream);
} reflect_streams SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, XTG_REFLECT_STREAMS);
  __type(key, struct xtg_reflect_key);
  __type(value, __u32);
} reflect_places SEC(".maps");

/* Prefixes of allowed sources. User space sets how many. */
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct xtg_reflect_source);
  __type(value, __u32);
} reflect_sources SEC(".maps");

/* The interface itself, for a way back by redirect. */
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} reflect_port SEC(".maps");

/* Frames that the driver refused, per positive errno (0: without one). */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} errnos SEC(".maps");

/* Plain reads of memory that the compiler knows nothing about, and the verifier everything. */
static __always_inline const struct xtg_reflect_config* reflect_c(void) {
  const struct xtg_reflect_config* c = (const struct xtg_reflect_config*)&reflect_config;
  asm volatile("" : "+r"(c));
  return c;
}
