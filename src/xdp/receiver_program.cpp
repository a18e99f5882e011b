// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/receiver_program.h"

#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

// The skeletons use types of the shared ABI, so those headers come first.
#include "xtg/abi/rx_back.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/tx.h"
#include "xtg_rx_bpf.skel.h"
#include "xtg_rx_tc_bpf.skel.h"

#include "xdp/sample_ring.h"

namespace xtg::xdp {

namespace {

void set_framing(xtg_rx_bpf& /*skel*/, bool /*ethernet*/) {}
void set_framing(xtg_rx_tc_bpf& skel, bool ethernet) {
  skel.rodata->without_link_header = ethernet ? 0 : 1;
}

/// Constants, and sizes of maps.
template <class Skeleton>
Status set_up(Skeleton& skel, const xtg_rx_config& config, const xtg_rx_filters& filters,
              const xtg_rx_sampling& sampling, std::optional<int> positions) {
  std::memcpy(&skel.rodata->rx_config, &config, sizeof config);
  skel.rodata->rx_filters = filters;
  std::memcpy(&skel.rodata->rx_sampling, &sampling, sizeof sampling);
  skel.rodata->rx_sampling.watch = sampling.why != 0 || sampling.verify != 0 ? 1 : 0;
  const auto& maps = skel.maps;
  if (sampling.why != 0) bpf_map__set_max_entries(maps.rx_ring, SampleRing::kBytes);
  bpf_map__set_max_entries(maps.rx_records, config.n_slots);
  bpf_map__set_value_size(maps.rx_records, XTG_RX_RECORD(config.window));
  bpf_map__set_max_entries(maps.rx_places, config.n_slots);
  bpf_map__set_max_entries(maps.rx_free, config.n_slots);
  if (positions && bpf_map__reuse_fd(maps.rx_positions, *positions) != 0)
    return fail_sys(errno, "share the streams' positions");
  return {};
}

template <class Skeleton>
ReceiverProgram view(std::shared_ptr<Skeleton> skel) {
  const auto& maps = skel->maps;
  auto* bss = skel->bss;
  ReceiverProgram out;
  out.program = bpf_program__fd(skel->progs.xtg_rx);
  out.records = bpf_map__fd(maps.rx_records);
  out.places = bpf_map__fd(maps.rx_places);
  out.free = bpf_map__fd(maps.rx_free);
  out.positions = bpf_map__fd(maps.rx_positions);
  out.announced = bpf_map__fd(maps.rx_announced);
  out.cpus = bpf_map__fd(maps.rx_cpus);
  out.ring = bpf_map__fd(maps.rx_ring);
  out.control = &bss->rx_control;
  out.queues = &bss->rx_queues;
  out.samples = &bss->rx_samples;
  out.first = &bss->rx_first;
  out.skeleton = std::move(skel);
  return out;
}

template <class Skeleton>
Result<ReceiverProgram> open_and_load(const xtg_rx_config& config, const xtg_rx_filters& filters,
                                      const xtg_rx_sampling& sampling, bool ethernet,
                                      std::optional<int> positions) {
  const std::shared_ptr<Skeleton> skel(Skeleton::open(nullptr), Skeleton::destroy);
  if (!skel) return fail_sys(errno, "open the receiving program");
  set_framing(*skel, ethernet);
  if (auto ok = set_up(*skel, config, filters, sampling, positions); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  const int error = Skeleton::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the receiving program");
  return view(skel);
}

} // namespace

Result<ReceiverProgram> ReceiverProgram::load(const xtg_rx_config& config,
                                              const xtg_rx_filters& filters,
                                              const xtg_rx_sampling& sampling,
                                              AttachMode attach_mode, bool ethernet,
                                              std::optional<int> positions) {
  if (attach_mode == AttachMode::Tc)
    return open_and_load<xtg_rx_tc_bpf>(config, filters, sampling, ethernet, positions);
  return open_and_load<xtg_rx_bpf>(config, filters, sampling, ethernet, positions);
}

} // namespace xtg::xdp
