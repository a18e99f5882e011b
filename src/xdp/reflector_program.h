// SPDX-License-Identifier: BSD-2-Clause
// A reflector's loaded object: the XDP program or the tc program, which have the same maps and
// variables, with the tracing programs that observe its frames. Internal to xdp.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/result.h"
#include "xdp/attach_mode.h"
#include "xtg/abi/reflect.h"

struct bpf_program;

namespace xtg::xdp {

struct ReflectorProgram {
  std::shared_ptr<void> skeleton; ///< owns all that follows
  int program = -1;
  int cpus = -1, streams = -1, sources = -1, port = -1, errnos = -1;
  xtg_reflect_control* control = nullptr;
  std::vector<bpf_program*> tracers;

  /// `sources`: how many are allowed; `trace`: with the tracing programs.
  static Result<ReflectorProgram> load(const xtg_reflect_config& config, AttachMode attach_mode,
                                       bool ethernet, std::size_t sources, bool trace);
};

} // namespace xtg::xdp
