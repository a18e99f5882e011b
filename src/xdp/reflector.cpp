// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/reflector.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

// The skeleton names the types of the shared ABI, so those headers come first.
#include "xtg/abi/reflect.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/tx.h"
#include "xtg_reflect_bpf.skel.h"

#include "core/clock.h"
#include "core/unique_fd.h"
#include "xdp/libbpf.h"
#include "xdp/mapped.h"

namespace xtg::xdp {

namespace {

struct Closer {
  void operator()(xtg_reflect_bpf* skeleton) const { xtg_reflect_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<xtg_reflect_bpf, Closer>;

/// Those that tell what became of the frames on the return path.
std::vector<bpf_program*> tracers(const xtg_reflect_bpf& skel, bool redirect) {
  const auto& progs = skel.progs;
  if (redirect) return {progs.xtg_reflect_exc, progs.xtg_reflect_xmit, progs.xtg_reflect_err};
  return {progs.xtg_reflect_exc, progs.xtg_reflect_bulk};
}

Result<Skeleton> open_and_load(const xtg_reflect_config& config, std::size_t sources, bool trace) {
  Skeleton skel(xtg_reflect_bpf::open(nullptr));
  if (!skel) return fail_sys(errno, "open the reflector's programs");
  std::memcpy(&skel->rodata->reflect_config, &config, sizeof config);
  bpf_map__set_max_entries(skel->maps.reflect_sources,
                           static_cast<__u32>(std::max<std::size_t>(sources, 1)));
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, skel->obj)
      bpf_program__set_autoload(prog, prog == skel->progs.xtg_reflect);
  if (trace)
    for (bpf_program* tracer : tracers(*skel, config.redirect != 0))
      bpf_program__set_autoload(tracer, true);
  const int error = xtg_reflect_bpf::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the reflector's programs");
  return skel;
}

Status allow(int map_fd, const std::vector<packet::IpPrefix>& sources) {
  for (const packet::IpPrefix& source : sources) {
    xtg_reflect_source key{};
    key.family = source.network.is_v4() ? 4 : 6;
    key.length = 32 + source.length;
    std::copy(source.network.bytes.begin(), source.network.bytes.end(), key.address);
    const __u32 yes = 1;
    if (bpf_map_update_elem(map_fd, &key, &yes, BPF_ANY) != 0)
      return fail_sys(errno, fmt::format("allow {}", source.to_string()));
  }
  return {};
}

} // namespace

struct Reflector::Impl {
  Skeleton skel;
  xtg_reflect_config config{};
  std::string source_note;
  MappedArray<xtg_reflect_stream> streams;
  std::vector<UniqueFd> links; // go before the programs

  [[nodiscard]] Result<std::vector<xtg_reflect_cpu>> cpus() const;
  void add_streams(stats::ReflectSnapshot& out) const;
};

Reflector::Reflector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reflector::Reflector(Reflector&&) noexcept = default;
Reflector& Reflector::operator=(Reflector&&) noexcept = default;
Reflector::~Reflector() = default;

Result<Reflector> Reflector::load(const ReflectorSpec& spec) {
  auto impl = std::make_unique<Impl>();
  impl->config = spec.config;
  impl->config.by_source = spec.any_source ? 0 : 1;
  auto skel = open_and_load(impl->config, spec.sources.size(), true);
  if (!skel) {
    impl->source_note = why_no_tracepoint(skel.error());
    skel = open_and_load(impl->config, spec.sources.size(), false);
  }
  if (!skel) return tl::unexpected<Error>(load_error(std::move(skel.error())));
  impl->skel = std::move(*skel);
  const auto& maps = impl->skel->maps;
  if (auto ok = allow(bpf_map__fd(maps.reflect_sources), spec.sources); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  auto streams =
      MappedArray<xtg_reflect_stream>::map(bpf_map__fd(maps.reflect_streams), XTG_REFLECT_STREAMS);
  if (!streams) return tl::unexpected<Error>(std::move(streams.error()));
  impl->streams = std::move(*streams);
  return Reflector(std::move(impl));
}

Status Reflector::attach(AttachMode attach_mode) {
  const auto ifindex = static_cast<int>(impl_->config.ifindex);
  const __u32 slot = 0;
  if (impl_->config.redirect != 0 &&
      bpf_map_update_elem(bpf_map__fd(impl_->skel->maps.reflect_port), &slot,
                          &impl_->config.ifindex, 0) != 0)
    return fail_sys(errno, fmt::format("aim at interface {}", ifindex));
  auto link = attach_ingress(bpf_program__fd(impl_->skel->progs.xtg_reflect), ifindex,
                             "the reflector's program", attach_mode);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  std::vector<UniqueFd> links;
  links.push_back(std::move(*link));
  if (impl_->source_note.empty()) {
    for (const bpf_program* tracer : tracers(*impl_->skel, impl_->config.redirect != 0)) {
      auto traced = attach_tracepoint(tracer);
      if (!traced) {
        impl_->source_note =
            fmt::format("tracepoints cannot be attached: {}", std::strerror(traced.error().sys));
        links.resize(1);
        break;
      }
      links.push_back(std::move(*traced));
    }
  }
  impl_->links = std::move(links);
  return {};
}

void Reflector::start() {
  auto& control = impl_->skel->bss->reflect_control;
  poke(control.bucket, __u64{(monotonic_ns() << 8) - impl_->config.depth});
  poke(control.started, __u32{1});
}
void Reflector::stop() {
  poke(impl_->skel->bss->reflect_control.started, __u32{0});
}

const std::string& Reflector::count_source_note() const {
  return impl_->source_note;
}

Result<std::vector<xtg_reflect_cpu>> Reflector::Impl::cpus() const {
  const int count = libbpf_num_possible_cpus();
  if (count < 0) return fail_sys(-count, "count the CPUs");
  std::vector<xtg_reflect_cpu> out(static_cast<std::size_t>(count));
  const __u32 zero = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.reflect_cpus), &zero, out.data()) != 0)
    return fail_sys(errno, "read what was sent back");
  return out;
}

Result<std::uint64_t> Reflector::sent() const {
  const auto cpus = impl_->cpus();
  if (!cpus) return tl::unexpected<Error>(cpus.error());
  std::uint64_t sent = 0;
  for (const xtg_reflect_cpu& cpu : *cpus)
    sent += cpu.sent;
  return sent;
}

void Reflector::Impl::add_streams(stats::ReflectSnapshot& out) const {
  const auto used =
      std::min<std::uint64_t>(peek(skel->bss->reflect_control.streams), config.n_streams);
  for (std::uint32_t i = 0; i < used; i++) {
    xtg_reflect_stream& from = streams[i];
    const stats::ReflectStream stream{
        {from.key.run_id, from.key.stream, from.key.form == XTG_SIG_COMPACT},
        peek(from.frames),
        peek(from.announced)};
    if (stream.frames != 0 || stream.announced != 0) out.streams.push_back(stream);
  }
  std::ranges::sort(out.streams, {}, &stats::ReflectStream::name);
}

Result<stats::ReflectSnapshot> Reflector::snapshot(bool streams) const {
  stats::ReflectSnapshot out;
  out.time_ns = monotonic_ns();
  const auto cpus = impl_->cpus();
  if (!cpus) return tl::unexpected<Error>(cpus.error());
  for (unsigned i = 0; i < cpus->size(); i++) {
    const xtg_reflect_cpu& cpu = (*cpus)[i];
    stats::ReflectCounters c = {.sent = cpu.sent,
                                .bytes = cpu.bytes,
                                .stamped = cpu.stamped,
                                .unnumbered = cpu.unnumbered,
                                .passed = cpu.passed};
    std::ranges::copy(cpu.not_reflected, c.not_reflected.begin());
    if (c != stats::ReflectCounters{}) out.cpus.push_back({i, c.sent, c.passed});
    out.total += c;
  }
  out.total.dropped = peek(impl_->skel->bss->reflect_control.drops);
  out.errnos = read_errnos(bpf_map__fd(impl_->skel->maps.errnos));
  if (streams) impl_->add_streams(out);
  return out;
}

} // namespace xtg::xdp
