// SPDX-License-Identifier: BSD-2-Clause
// What a TcpSender holds. Internal to xdp.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

// The skeleton uses types of the shared ABI, so those headers come first.
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_open.h"
#include "xtg/abi/tcp_wheel.h"
#include "xtg_tcp_bpf.skel.h"

#include "core/result.h"
#include "core/unique_fd.h"
#include "xdp/mapped.h"
#include "xdp/tcp_sender.h"

namespace xtg::xdp {

struct TcpSkeletonCloser {
  void operator()(xtg_tcp_bpf* skeleton) const { xtg_tcp_bpf::destroy(skeleton); }
};
using TcpSkeleton = std::unique_ptr<xtg_tcp_bpf, TcpSkeletonCloser>;

struct TcpSender::Impl {
  TcpSkeleton skel;
  xtg_tcp_config config{};
  std::string source_note;
  MappedArray<xtg_tcp_flow> flows;
  bool flow_histograms = false;
  // Attachments end before the programs: destruction is in reverse member order.
  std::vector<UniqueFd> links;

  [[nodiscard]] xtg_tcp_worker& worker(std::size_t i) const { return skel->bss->tcp_workers[i]; }
  [[nodiscard]] std::size_t workers() const { return config.n_workers; }
  /// Makes the workers check all their flows once.
  void begin_round() const { std::atomic_ref<__u32>(skel->bss->tcp_control.rounds)++; }
  Status fill_payload(const TcpSenderSpec& spec) const; ///< of load()
};

} // namespace xtg::xdp
