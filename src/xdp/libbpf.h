// SPDX-License-Identifier: BSD-2-Clause
// Shared by the owners of kernel programs: libbpf's log, attachments, reads of memory that the
// kernel side writes concurrently. Internal to xdp.
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

class KeptLinks;

/// Reads a counter that the kernel side writes concurrently, by one relaxed atomic load.
template <class T>
T peek(T& word) {
  return std::atomic_ref<T>(word).load(std::memory_order_relaxed);
}
template <class T>
void poke(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_relaxed);
}

/// The last line that libbpf logged; empty if there is none.
std::string last_log_line();

/// Adds libbpf's last message to the error of a failed load.
Error load_error(Error error);

/// A bpf_link, which detaches when closed. In the calling thread's network namespace. `flags`:
/// XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE, or 0 for the kernel's choice. `kept`: the attachment
/// stays there, and the result is empty.
Result<UniqueFd> attach_xdp(int prog_fd, int ifindex, const char* what, std::uint32_t flags = 0,
                            KeptLinks* kept = nullptr);

/// The same for a receiving program. NotSupported: the driver does not support this mode, or
/// another program is attached; nothing was changed.
Result<UniqueFd> attach_ingress(int prog_fd, int ifindex, const char* what, AttachMode attach_mode,
                                KeptLinks* kept = nullptr);

/// Attaches a raw tracepoint program; returns the link.
Result<UniqueFd> attach_tracepoint(const bpf_program* program);

/// One BPF_PROG_RUN call with live frames.
Result<RunEnd> run_live(int prog_fd, std::span<const std::uint8_t> frame,
                        std::uint32_t ingress_ifindex, std::uint32_t runs, std::uint32_t batch);

/// Lost frames by positive errno.
std::map<int, std::uint64_t> read_errnos(int map_fd);

/// Whether XDP programs can read CLOCK_TAI on this kernel (Linux 6.1).
bool has_tai();

/// Why frames are not counted by tracepoint.
std::string why_no_tracepoint(const Error& error);

} // namespace xtg::xdp
