// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/pass_program.h"

#include <cerrno>

#include <bpf/bpf.h>

#include "xdp/trivial.h"

namespace xtg::xdp {

Result<UniqueFd> load_pass_program(const char* name, bool frags) {
  const auto code = return_constant(XDP_PASS);
  LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = frags ? BPF_F_XDP_HAS_FRAGS : 0U);
  UniqueFd prog(bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", code.data(), code.size(), &opts));
  if (!prog.valid()) return fail_sys(errno, "load a pass program");
  return prog;
}

} // namespace xtg::xdp
