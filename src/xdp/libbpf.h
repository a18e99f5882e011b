// SPDX-License-Identifier: BSD-2-Clause
// What the owners of kernel programs share: libbpf's log, attachments, words that the kernel side
// writes while we read. Internal to xdp.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "core/result.h"
#include "core/unique_fd.h"
#include "xdp/live.h"
#include "xdp/attach_mode.h"

struct bpf_program;

namespace xtg::xdp {

/// The counters are written by the kernel side while we read: each word by one relaxed atomic load.
template <class T>
T peek(T& word) {
  return std::atomic_ref<T>(word).load(std::memory_order_relaxed);
}
template <class T>
void poke(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_relaxed);
}

/// The last line that libbpf logged; empty when there is none.
std::string last_log_line();

/// Names what libbpf said last, where a load failed.
Error load_error(Error error);

/// A bpf_link, which detaches when it is closed. In the calling thread's network namespace.
/// `flags`: XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE, or 0 for the kernel's choice.
Result<UniqueFd> attach_xdp(int prog_fd, int ifindex, const char* what, std::uint32_t flags = 0);

/// The same of a program that receives. NotSupported: the driver cannot do it in this place, or
/// another program is there; nothing was changed.
Result<UniqueFd> attach_ingress(int prog_fd, int ifindex, const char* what, AttachMode attach_mode);

/// A raw tracepoint program's link.
Result<UniqueFd> attach_tracepoint(const bpf_program* program);

/// One BPF_PROG_RUN call with live frames.
Result<RunEnd> run_live(int prog_fd, std::span<const std::uint8_t> frame,
                        std::uint32_t ingress_ifindex, std::uint32_t runs, std::uint32_t batch);

/// Frames lost per positive errno.
std::map<int, std::uint64_t> read_errnos(int map_fd);

/// Whether an XDP program can read CLOCK_TAI here: since Linux 6.1.
bool has_tai();

/// Why frames are not counted by tracepoint.
std::string why_no_tracepoint(const Error& error);

} // namespace xtg::xdp
