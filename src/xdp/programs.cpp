// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/programs.h"

#include <cerrno>
#include <memory>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

namespace xtg::xdp {

namespace {

struct Closer {
  void operator()(xdp_multiprog* programs) const { xdp_multiprog__close(programs); }
};

void add(std::vector<AttachedProgram>& out, const xdp_program* program) {
  const char* name = xdp_program__name(program);
  out.push_back({xdp_program__id(program), name != nullptr ? name : ""});
}

} // namespace

Result<std::vector<AttachedProgram>> attached_programs(int ifindex) {
  libxdp_set_print(nullptr);
  xdp_multiprog* raw = xdp_multiprog__get_from_ifindex(ifindex);
  std::vector<AttachedProgram> out;
  if (const long error = libxdp_get_error(raw); error != 0) {
    if (error == -ENOENT) return out;
    return fail_sys(static_cast<int>(-error), "list the XDP programs");
  }
  const std::unique_ptr<xdp_multiprog, Closer> programs(raw);
  if (xdp_multiprog__is_legacy(raw)) {
    if (const xdp_program* only = xdp_multiprog__main_prog(raw)) add(out, only);
    return out;
  }
  for (const xdp_program* p = nullptr; (p = xdp_multiprog__next_prog(p, raw)) != nullptr;)
    add(out, p);
  return out;
}

} // namespace xtg::xdp
