// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/reflector_program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

// The skeletons use types of the shared ABI, so those headers come first.
#include "xtg/abi/rx.h"
#include "xtg/abi/tx.h"
#include "xtg_reflect_bpf.skel.h"
#include "xtg_reflect_tc_bpf.skel.h"

namespace xtg::xdp {

namespace {

std::vector<bpf_program*> tracers(const xtg_reflect_bpf& skel, bool redirect) {
  const auto& progs = skel.progs;
  if (redirect) return {progs.xtg_reflect_exc, progs.xtg_reflect_xmit, progs.xtg_reflect_err};
  return {progs.xtg_reflect_exc, progs.xtg_reflect_bulk};
}

std::vector<bpf_program*> tracers(const xtg_reflect_tc_bpf& skel, bool /*redirect*/) {
  const auto& progs = skel.progs;
  return {progs.xtg_reflect_offer, progs.xtg_reflect_offered, progs.xtg_reflect_free};
}

void set_framing(xtg_reflect_bpf& /*skel*/, bool /*ethernet*/) {}
void set_framing(xtg_reflect_tc_bpf& skel, bool ethernet) {
  skel.rodata->without_link_header = ethernet ? 0 : 1;
}

template <class Skeleton>
Result<ReflectorProgram> open_and_load(const xtg_reflect_config& config, bool ethernet,
                                       std::size_t sources, bool trace) {
  const std::shared_ptr<Skeleton> skel(Skeleton::open(nullptr), Skeleton::destroy);
  if (!skel) return fail_sys(errno, "open the reflector's programs");
  std::memcpy(&skel->rodata->reflect_config, &config, sizeof config);
  set_framing(*skel, ethernet);
  bpf_map__set_max_entries(skel->maps.reflect_sources,
                           static_cast<__u32>(std::max<std::size_t>(sources, 1)));
  ReflectorProgram out;
  if (trace) out.tracers = tracers(*skel, config.redirect != 0);
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, skel->obj)
      bpf_program__set_autoload(prog, prog == skel->progs.xtg_reflect);
  for (bpf_program* tracer : out.tracers)
    bpf_program__set_autoload(tracer, true);
  const int error = Skeleton::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the reflector's programs");
  const auto& maps = skel->maps;
  out.program = bpf_program__fd(skel->progs.xtg_reflect);
  out.cpus = bpf_map__fd(maps.reflect_cpus);
  out.streams = bpf_map__fd(maps.reflect_streams);
  out.sources = bpf_map__fd(maps.reflect_sources);
  out.port = bpf_map__fd(maps.reflect_port);
  out.errnos = bpf_map__fd(maps.errnos);
  out.control = &skel->bss->reflect_control;
  out.skeleton = skel;
  return out;
}

} // namespace

Result<ReflectorProgram> ReflectorProgram::load(const xtg_reflect_config& config,
                                                AttachMode attach_mode, bool ethernet,
                                                std::size_t sources, bool trace) {
  if (attach_mode == AttachMode::Tc)
    return open_and_load<xtg_reflect_tc_bpf>(config, ethernet, sources, trace);
  return open_and_load<xtg_reflect_bpf>(config, ethernet, sources, trace);
}

} // namespace xtg::xdp
