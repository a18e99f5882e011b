// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/sender_programs.h"

#include <algorithm>
#include <cerrno>

namespace xtg::xdp {

bpf_program* send_program(const xtg_bpf& skel, const SenderSpec& spec, bool no_perfmon) {
  const auto& progs = skel.progs;
  const bool several = spec.tables.streams.size() > 1;
  if (spec.via != plan::TxPath::Xdp) {
    if (no_perfmon) return progs.xtg_skb_no_perfmon;
    return several ? progs.xtg_skb_multi : progs.xtg_skb;
  }
  if (no_perfmon) return progs.xtg_tx_no_perfmon;
  if (several) return progs.xtg_tx_multi;
  if (spec.renew) return progs.xtg_tx_renew;
  const xtg_stream& one = spec.tables.streams.front();
  if (one.plain == 0) return progs.xtg_tx_single;
  if (one.n_sizes > 1) return progs.xtg_tx_sized;
  return one.stamp_each != 0 ? progs.xtg_tx_stamp : progs.xtg_tx;
}

std::vector<bpf_program*> counters_of(const xtg_bpf& skel, plan::TxPath via) {
  const auto& progs = skel.progs;
  switch (via) {
  case plan::TxPath::Tc:
    return {progs.xtg_tp_offer, progs.xtg_tp_offered, progs.xtg_tp_free};
  case plan::TxPath::Receive:
    return {progs.xtg_tp_enter, progs.xtg_tp_free};
  default:
    return {progs.xtg_tp_xmit, progs.xtg_tp_err};
  }
}

bool stamps_tai(const SenderSpec& spec) {
  return std::any_of(spec.tables.streams.begin(), spec.tables.streams.end(),
                     [](const xtg_stream& stream) { return stream.stamp_tai != 0; });
}

bool follows_address(const SenderSpec& spec) {
  return std::any_of(spec.tables.streams.begin(), spec.tables.streams.end(),
                     [](const xtg_stream& stream) { return stream.hop_law != XTG_HOP_FIXED; });
}

namespace {

/// XTG_TX_PATH_*.
std::uint32_t tx_path_number(plan::TxPath via) {
  if (via == plan::TxPath::Receive) return XTG_TX_PATH_RECEIVE;
  return via == plan::TxPath::Tc ? XTG_TX_PATH_TC : XTG_TX_PATH_XDP;
}

void choose_programs(const xtg_bpf& skel, const SenderSpec& spec, bool tracepoints,
                     bool no_perfmon) {
  const auto& progs = skel.progs;
  const bool by_xdp = spec.via == plan::TxPath::Xdp;
  std::vector<bpf_program*> used = {send_program(skel, spec, no_perfmon), progs.xtg_pass};
  if (spec.control_frames) used.push_back(progs.xtg_control_frame);
  if (!by_xdp) used.push_back(progs.xtg_egress);
  if (tracepoints)
    for (bpf_program* counter : counters_of(skel, spec.via))
      used.push_back(counter);
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, skel.obj)
      bpf_program__set_autoload(prog, std::ranges::count(used, prog) != 0);
  for (bpf_map* map : {skel.maps.in_drivers, skel.maps.stack_drops})
    bpf_map__set_autocreate(map, !by_xdp);
}

} // namespace

Result<SenderSkeleton> load_programs(const SenderSpec& spec, bool tracepoints, bool no_perfmon) {
  SenderSkeleton skel(xtg_bpf::open(nullptr));
  if (!skel) return fail_sys(errno, "open the kernel programs");

  auto* rodata = skel->rodata;
  choose_programs(*skel, spec, tracepoints, no_perfmon);
  rodata->config.ingress_base = spec.ingress_base;
  rodata->config.to_ifindex = static_cast<__u32>(spec.to_ifindex);
  rodata->config.n_workers = static_cast<__u32>(spec.workers);
  rodata->config.n_streams = static_cast<__u32>(spec.tables.streams.size());
  rodata->config.page_len = spec.tables.page_len;
  rodata->config.n_places = static_cast<__u32>(spec.tables.places.size());
  rodata->config.clean_from = spec.tables.clean_from;
  rodata->config.tai = stamps_tai(spec) ? 1 : 0;
  rodata->config.resend = spec.resend && tracepoints ? 1 : 0;
  rodata->config.renew = spec.renew ? 1 : 0;
  rodata->config.path = tx_path_number(spec.via);
  rodata->config.loopback = spec.loopback ? 1 : 0;
  std::copy(spec.tables.streams.begin(), spec.tables.streams.end(), rodata->streams);
  rodata->long_config.any = spec.tables.page.size() > spec.tables.page_len ? 1 : 0;
  rodata->long_config.fill = spec.tables.fill ? 1 : 0;
  std::copy(spec.tables.longs.begin(), spec.tables.longs.end(), rodata->long_frames);

  const int error = xtg_bpf::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the kernel programs");
  return skel;
}

} // namespace xtg::xdp
