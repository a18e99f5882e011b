// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/drop_sink.h"

#include <cerrno>

#include <bpf/bpf.h>

#include "xdp/trivial.h"

namespace xtg::xdp {

Result<DropSink> DropSink::attach(int ifindex) {
  const auto code = return_constant(XDP_DROP);
  // Frames of several pages, so that a veth keeps its MTU.
  LIBBPF_OPTS(bpf_prog_load_opts, load, .prog_flags = BPF_F_XDP_HAS_FRAGS);
  const UniqueFd prog(
      bpf_prog_load(BPF_PROG_TYPE_XDP, "xtg_drain", "GPL", code.data(), code.size(), &load));
  if (!prog.valid()) return fail_sys(errno, "load a dropping XDP program");
  LIBBPF_OPTS(bpf_link_create_opts, opts);
  const int link = bpf_link_create(prog.get(), ifindex, BPF_XDP, &opts);
  if (link < 0) return fail_sys(-link, "attach a dropping XDP program");
  return DropSink(UniqueFd(link));
}

} // namespace xtg::xdp
