// SPDX-License-Identifier: BSD-2-Clause
// Loading, filling and attaching the programs of a TcpSender.
#include "xdp/tcp_sender_impl.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "xdp/egress.h"
#include "xdp/libbpf.h"

namespace xtg::xdp {

namespace {

/// Same layout as in the kernel programs (bpf/tcp_maps.bpf.h).
struct Chunk {
  std::uint8_t bytes[XTG_TCP_CHUNK + XTG_TCP_OVERLAP];
};

// Four per flow: the last quarter is reserved for one notice per flow (bpf/tcp_rx.bpf.h).
constexpr __u32 kLeastEvents = 1024, kMostEvents = 4 * XTG_TCP_MAX_FLOWS;

__u32 flows_per_worker(const xtg_tcp_config& c) {
  return (c.n_flows + c.n_workers - 1) / c.n_workers;
}

__u32 chunks(std::size_t bytes) {
  return static_cast<__u32>(std::max<std::size_t>(1, (bytes + XTG_TCP_CHUNK - 1) / XTG_TCP_CHUNK));
}

void size_maps(const xtg_tcp_bpf& skel, const TcpSenderSpec& spec, const xtg_tcp_config& c) {
  const auto& maps = skel.maps;
  bpf_map__set_max_entries(maps.tcp_flows, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_boards, c.n_flows * c.board_words);
  bpf_map__set_max_entries(maps.tcp_events, c.n_workers * (c.events_mask + 1));
  bpf_map__set_max_entries(maps.tcp_ready, c.n_workers * (c.ready_mask + 1));
  bpf_map__set_max_entries(maps.tcp_places, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_kept, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_links, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_flow_rtt, spec.flow_histograms ? c.n_flows : 1);
  bpf_map__set_max_entries(maps.tcp_payload, chunks(spec.payload.size()));
  bpf_map__set_max_entries(maps.tcp_sums,
                           static_cast<__u32>(std::max<std::size_t>(1, spec.sums.size())));
}

/// The tracepoint programs that count on each path.
std::vector<bpf_program*> counters_of(const xtg_tcp_bpf& skel, bool by_tc) {
  const auto& progs = skel.progs;
  if (by_tc) return {progs.xtg_tcp_offer, progs.xtg_tcp_offered, progs.xtg_tcp_free};
  return {progs.xtg_tcp_xmit, progs.xtg_tcp_err};
}

Result<TcpSkeleton> open_and_load(const TcpSenderSpec& spec, bool tracepoints) {
  TcpSkeleton skel(xtg_tcp_bpf::open(nullptr));
  if (!skel) return fail_sys(errno, "open the kernel programs");
  xtg_tcp_config c = spec.config;
  c.events_mask = std::clamp(std::bit_ceil(flows_per_worker(c) * 4), kLeastEvents, kMostEvents) - 1;
  c.ready_mask = std::bit_ceil(flows_per_worker(c) + 1) - 1;
  std::memcpy(&skel->rodata->tcp_config, &c, sizeof c);
  size_maps(*skel, spec, c);
  const auto counters = counters_of(*skel, false), tc_counters = counters_of(*skel, true);
  for (bpf_program* prog : counters)
    bpf_program__set_autoload(prog, tracepoints && c.by_tc == 0);
  for (bpf_program* prog : tc_counters)
    bpf_program__set_autoload(prog, tracepoints && c.by_tc != 0);
  bpf_program__set_autoload(skel->progs.xtg_tcp_egress, c.by_tc != 0);
  bpf_map__set_autocreate(skel->maps.in_drivers, c.by_tc != 0);
  const int error = xtg_tcp_bpf::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the kernel programs");
  return skel;
}

} // namespace

Status TcpSender::Impl::fill_payload(const TcpSenderSpec& spec) const {
  if (spec.payload.empty()) return {};
  const std::size_t count = chunks(spec.payload.size());
  auto map = MappedArray<Chunk>::map(bpf_map__fd(skel->maps.tcp_payload), count);
  if (!map) return tl::unexpected<Error>(std::move(map.error()));
  for (std::size_t i = 0; i < count; i++) {
    const auto rest = spec.payload.subspan(i * XTG_TCP_CHUNK);
    std::ranges::copy(rest.first(std::min(rest.size(), sizeof(Chunk))), (*map)[i].bytes);
  }
  auto sums = MappedArray<std::uint32_t>::map(bpf_map__fd(skel->maps.tcp_sums), spec.sums.size());
  if (!sums) return tl::unexpected<Error>(std::move(sums.error()));
  for (std::size_t i = 0; i < spec.sums.size(); i++)
    (*sums)[i] = spec.sums[i];
  return {};
}

Result<TcpSender> TcpSender::load(const TcpSenderSpec& spec) {
  auto impl = std::make_unique<Impl>();
  auto skel = open_and_load(spec, true);
  if (!skel) {
    impl->source_note = why_no_tracepoint(skel.error());
    auto again = open_and_load(spec, false);
    if (!again) return tl::unexpected<Error>(load_error(std::move(again.error())));
    skel = std::move(again);
  }
  impl->skel = std::move(*skel);
  std::memcpy(&impl->config, &impl->skel->rodata->tcp_config, sizeof impl->config);
  impl->flow_histograms = spec.flow_histograms;

  auto* bss = impl->skel->bss;
  bss->tcp_control.end_ns = ~0ULL;
  for (std::size_t i = 0; i < impl->workers(); i++) {
    bss->tcp_workers[i].number = static_cast<__u32>(i);
    bss->tcp_workers[i].sweep = static_cast<__u32>(i);
  }
  auto flows =
      MappedArray<xtg_tcp_flow>::map(bpf_map__fd(impl->skel->maps.tcp_flows), impl->config.n_flows);
  if (!flows) return tl::unexpected<Error>(std::move(flows.error()));
  impl->flows = std::move(*flows);
  if (auto filled = impl->fill_payload(spec); !filled)
    return tl::unexpected<Error>(std::move(filled.error()));

  const __u32 slot = 0, target = impl->config.to_ifindex;
  if (impl->config.by_tc == 0 &&
      bpf_map_update_elem(bpf_map__fd(impl->skel->maps.tcp_targets), &slot, &target, 0) != 0)
    return fail_sys(errno, fmt::format("set output interface {}", target));

  if (impl->source_note.empty()) {
    for (bpf_program* prog : counters_of(*impl->skel, impl->config.by_tc != 0)) {
      auto link = attach_tracepoint(prog);
      if (link) {
        impl->links.push_back(std::move(*link));
        continue;
      }
      impl->links.clear();
      impl->source_note =
          fmt::format("tracepoints cannot be attached: {}", std::strerror(link.error().sys));
      break;
    }
  }
  return TcpSender(std::move(impl));
}

Status TcpSender::attach_ingress_devices() {
  auto link = attach_xdp(bpf_program__fd(impl_->skel->progs.xtg_tcp_tx),
                         static_cast<int>(impl_->config.ingress_base), "the send program");
  if (!link) return forward(std::move(link), "attach the send program to the dispatcher");
  impl_->links.push_back(std::move(*link));
  return {};
}

Status TcpSender::attach_egress() {
  const int fd = bpf_program__fd(impl_->skel->progs.xtg_tcp_egress);
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    auto link = attach_tc_ingress(fd, static_cast<int>(impl_->config.ingress_base + i));
    if (!link) return forward(std::move(link), "send frames on from the ingress devices");
    if (link->valid()) impl_->links.push_back(std::move(*link));
  }
  return {};
}

Status TcpSender::attach_pass(int ifindex) {
  auto link =
      attach_xdp(bpf_program__fd(impl_->skel->progs.xtg_tcp_pass), ifindex, "a pass program");
  if (!link) return forward(std::move(link), "make the driver allocate its XDP transmit queues");
  impl_->links.push_back(std::move(*link));
  return {};
}

Status TcpSender::attach_xdp_hook(int ifindex) {
  auto link =
      attach_xdp(bpf_program__fd(impl_->skel->progs.xtg_tcp_rx), ifindex, "the ingress program");
  if (!link) {
    if (link.error().sys == EBUSY || link.error().sys == EEXIST)
      link.error().code = Errc::NotSupported;
    return tl::unexpected<Error>(std::move(link.error()));
  }
  impl_->links.push_back(std::move(*link));
  return {};
}

Status TcpSender::attach_tcx_hook(int ifindex) {
  auto link = attach_tcx(tc_program(), ifindex, "the ingress program");
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  impl_->links.push_back(std::move(*link));
  return {};
}

int TcpSender::tc_program() const {
  return bpf_program__fd(impl_->skel->progs.xtg_tcp_tc);
}

} // namespace xtg::xdp
