// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/reflector.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "xtg/abi/reflect.h"
#include "xtg/abi/tx.h"

#include "core/clock.h"
#include "core/unique_fd.h"
#include "xdp/libbpf.h"
#include "xdp/mapped.h"
#include "xdp/reflector_program.h"

namespace xtg::xdp {

namespace {

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
  ReflectorProgram object;
  xtg_reflect_config config{};
  AttachMode attach_mode = AttachMode::Native;
  std::string source_note;
  MappedArray<xtg_reflect_stream> streams;
  UniqueFd link;               // all end before the programs
  std::vector<UniqueFd> links; // of the tracing programs

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
  const auto load = [&](bool trace) {
    return ReflectorProgram::load(impl->config, spec.attach_mode, spec.ethernet,
                                  spec.sources.size(), trace);
  };
  auto object = load(true);
  if (!object) {
    impl->source_note = why_no_tracepoint(object.error());
    object = load(false);
  }
  if (!object) return tl::unexpected<Error>(load_error(std::move(object.error())));
  impl->object = std::move(*object);
  impl->attach_mode = spec.attach_mode;
  if (auto ok = allow(impl->object.sources, spec.sources); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  auto streams = MappedArray<xtg_reflect_stream>::map(impl->object.streams, XTG_REFLECT_STREAMS);
  if (!streams) return tl::unexpected<Error>(std::move(streams.error()));
  impl->streams = std::move(*streams);
  return Reflector(std::move(impl));
}

Status Reflector::attach(int ifindex) {
  const __u32 slot = 0;
  if (impl_->config.redirect != 0 &&
      bpf_map_update_elem(impl_->object.port, &slot, &impl_->config.ifindex, 0) != 0)
    return fail_sys(errno, fmt::format("set output interface {}", ifindex));
  auto link =
      attach_ingress(impl_->object.program, ifindex, "the reflector's program", impl_->attach_mode);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  impl_->link = std::move(*link);
  return {};
}

void Reflector::trace() {
  std::vector<UniqueFd> links;
  for (const bpf_program* tracer : impl_->object.tracers) {
    auto traced = attach_tracepoint(tracer);
    if (!traced) {
      impl_->source_note =
          fmt::format("tracepoints cannot be attached: {}", std::strerror(traced.error().sys));
      return;
    }
    links.push_back(std::move(*traced));
  }
  impl_->links = std::move(links);
}

int Reflector::program() const {
  return impl_->object.program;
}

void Reflector::start() {
  auto& control = *impl_->object.control;
  poke(control.bucket, __u64{(monotonic_ns() << 8) - impl_->config.depth});
  poke(control.started, __u32{1});
}
void Reflector::stop() {
  poke(impl_->object.control->started, __u32{0});
}

const std::string& Reflector::count_source_note() const {
  return impl_->source_note;
}

Result<std::vector<xtg_reflect_cpu>> Reflector::Impl::cpus() const {
  const int count = libbpf_num_possible_cpus();
  if (count < 0) return fail_sys(-count, "count the CPUs");
  std::vector<xtg_reflect_cpu> out(static_cast<std::size_t>(count));
  const __u32 zero = 0;
  if (bpf_map_lookup_elem(object.cpus, &zero, out.data()) != 0)
    return fail_sys(errno, "read the reflector's counters");
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
  const auto used = std::min<std::uint64_t>(peek(object.control->streams), config.n_streams);
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
  out.total.dropped = peek(impl_->object.control->drops);
  out.errnos = read_errnos(impl_->object.errnos);
  if (streams) impl_->add_streams(out);
  return out;
}

} // namespace xtg::xdp
