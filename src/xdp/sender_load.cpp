// SPDX-License-Identifier: BSD-2-Clause
// What a Sender does before the run: it loads its programs, fills their memory and attaches them.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "packet/encode.h"
#include "xdp/egress.h"
#include "xdp/libbpf.h"
#include "xdp/sender_impl.h"

namespace xtg::xdp {

namespace {

/// The worker byte of a stream's signatures.
std::uint64_t worker_u64(const xtg_stream& stream, std::size_t worker_id) {
  auto form = packet::SignatureForm::None;
  if (stream.sig_form == XTG_SIG_FULL) form = packet::SignatureForm::Full;
  if (stream.sig_form == XTG_SIG_COMPACT) form = packet::SignatureForm::Compact;
  return packet::worker_u64(form, static_cast<std::uint8_t>(worker_id));
}

void set_up(xtg_tx_cursor& c, const SenderSpec& spec, std::size_t worker, std::size_t stream) {
  const std::size_t resend = spec.workers > XTG_RESEND_WORKER ? worker : worker + XTG_RESEND_WORKER;
  const xtg_stream& s = spec.tables.streams[stream];
  c.first_u64 = s.header[0];
  c.worker_u64 = worker_u64(s, worker);
  c.resend_u64 = worker_u64(s, resend);
  c.value_seq = ~0ULL; // no values yet: the first claim seeks
  if (!spec.queues.empty())
    c.tx_queue = static_cast<__u32>(spec.queues[worker * spec.tables.streams.size() + stream] + 1);
}

} // namespace

/// With the counting programs if possible, without CAP_PERFMON if need be.
Status Sender::Impl::load_programs_for(const SenderSpec& spec) {
  bool no_perfmon = false;
  auto loaded = load_programs(spec, true, no_perfmon);
  if (!loaded) {
    source_note = why_no_tracepoint(loaded.error());
    loaded = load_programs(spec, false, no_perfmon);
    if (!loaded && loaded.error().code == Errc::NoPermission) {
      if (follows_address(spec))
        return fail(
            Errc::NoPermission,
            "a destination MAC for each address needs CAP_PERFMON, which is missing (setcap "
            "cap_bpf,cap_net_admin,cap_perfmon+ep); or give one for all with --dst-mac");
      no_perfmon = true;
      loaded = load_programs(spec, false, no_perfmon);
      if (!loaded && loaded.error().code == Errc::NoPermission)
        return fail_sys(loaded.error().sys,
                        "load the send program, for which this kernel requires CAP_PERFMON");
    }
  }
  if (!loaded) return tl::unexpected<Error>(load_error(std::move(loaded.error())));
  skel = std::move(*loaded);
  prog_fd = bpf_program__fd(send_program(*skel, spec, no_perfmon));
  pass_fd = bpf_program__fd(skel->progs.xtg_pass);
  if (spec.control_frames) control_fd = bpf_program__fd(skel->progs.xtg_control_frame);
  return {};
}

/// The programs' memory, and our own.
void Sender::Impl::fill(const SenderSpec& spec) {
  workers = spec.workers;
  via = spec.via;
  devices = static_cast<std::uint32_t>(spec.workers) + (spec.control_frames ? 1 : 0);
  streams = spec.tables.streams.size();
  page.assign(spec.tables.page.begin(), spec.tables.page.begin() + spec.tables.page_len);
  ingress_base = spec.ingress_base;

  auto* bss = skel->bss;
  bss->control.end_ns = ~0ULL;
  for (std::size_t i = 0; i < spec.totals.size(); i++)
    bss->progress[i].total = spec.totals[i];
  for (std::size_t i = 0; i < workers; i++) {
    worker(i).number = static_cast<__u16>(i);
    for (std::size_t stream = 0; stream < streams; stream++)
      set_up(cursor(i, stream), spec, i, stream);
  }
  std::copy(spec.tables.next_hops.begin(), spec.tables.next_hops.end(), bss->next_hops);
  std::copy(spec.tables.values.begin(), spec.tables.values.end(), bss->listed_values);
  std::copy(spec.tables.sizes.begin(), spec.tables.sizes.end(), bss->sizes);
  std::copy(spec.tables.places.begin(), spec.tables.places.end(), bss->places);
  std::copy(spec.tables.page.begin(), spec.tables.page.end(), bss->page_template);
  std::copy(spec.tables.size_extra.begin(), spec.tables.size_extra.end(), bss->size_extra);
}

/// The output interface of XDP transmit.
Status Sender::Impl::set_target(const SenderSpec& spec) const {
  const __u32 slot = 0;
  const __u32 target = static_cast<__u32>(spec.to_ifindex);
  if (via == plan::TxPath::Xdp &&
      bpf_map_update_elem(bpf_map__fd(skel->maps.targets), &slot, &target, 0) != 0)
    return fail_sys(errno, fmt::format("set output interface {}", spec.to_ifindex));
  return {};
}

/// All of them, or none and a note.
void Sender::Impl::attach_counters() {
  if (!source_note.empty()) return;
  for (bpf_program* prog : counters_of(*skel, via)) {
    auto link = attach_tracepoint(prog);
    if (link) {
      links.push_back(std::move(*link));
      continue;
    }
    links.clear();
    source_note =
        fmt::format("tracepoints cannot be attached: {}", std::strerror(link.error().sys));
    return;
  }
}

Result<Sender> Sender::load(const SenderSpec& spec) {
  if (stamps_tai(spec) && !has_tai())
    return fail(Errc::NotSupported,
                "--clock tai: this kernel has no CLOCK_TAI for its programs (it needs Linux 6.1)");
  auto impl = std::make_unique<Impl>();
  if (auto loaded = impl->load_programs_for(spec); !loaded)
    return tl::unexpected<Error>(std::move(loaded.error()));
  impl->fill(spec);
  if (auto set = impl->set_target(spec); !set) return tl::unexpected<Error>(std::move(set.error()));
  impl->attach_counters();
  return Sender(std::move(impl));
}

Status Sender::attach_ingress_devices(KeptLinks* kept) {
  auto link = attach_xdp(impl_->prog_fd, static_cast<int>(impl_->ingress_base), "the send program",
                         0, kept);
  if (!link) return forward(std::move(link), "attach the send program to the dispatcher");
  impl_->links.push_back(std::move(*link));
  return {};
}

Status Sender::attach_egress() {
  const int fd = bpf_program__fd(impl_->skel->progs.xtg_egress);
  for (std::uint32_t i = 0; i < impl_->devices; i++) {
    auto link = attach_tc_ingress(fd, static_cast<int>(impl_->ingress_base + i));
    if (!link) return forward(std::move(link), "send frames on from the ingress devices");
    if (link->valid()) impl_->links.push_back(std::move(*link));
  }
  return {};
}

Status Sender::attach_pass(int ifindex, KeptLinks* kept) {
  auto link = attach_xdp(impl_->pass_fd, ifindex, "a pass program", 0, kept);
  if (!link) return forward(std::move(link), "make the driver allocate its XDP transmit queues");
  impl_->links.push_back(std::move(*link));
  return {};
}

} // namespace xtg::xdp
