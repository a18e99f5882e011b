// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/ring_program.h"

#include <cstring>
#include <string_view>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include "xdp/pass_program.h"

namespace xtg::xdp {

namespace {

constexpr const char* kName = "xtg_ring";
constexpr std::uint32_t kDriverMode = 1U << 2; // XDP_FLAGS_DRV_MODE of <linux/if_link.h>
constexpr int kTries = 5;                      // another run's may end during the attempt

Result<UniqueFd> attach(int ifindex) {
  // Multi-buffer frames too: an MTU beyond a page is then no obstacle.
  auto prog = load_pass_program(kName, true);
  if (!prog) return prog;
  LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = kDriverMode);
  const int link = bpf_link_create(prog->get(), ifindex, BPF_XDP, &opts);
  if (link < 0)
    return fail_sys(-link, fmt::format("attach a pass program to interface {}", ifindex));
  return UniqueFd(link);
}

/// The id of the program if it is a ring program; otherwise 0.
std::uint32_t id_on(int ifindex) {
  std::uint32_t id = 0;
  if (bpf_xdp_query_id(ifindex, static_cast<int>(kDriverMode), &id) != 0 || id == 0) return 0;
  const UniqueFd prog(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (!prog.valid() || bpf_obj_get_info_by_fd(prog.get(), &info, &size) != 0) return 0;
  return std::string_view(info.name, strnlen(info.name, sizeof info.name)) == kName ? id : 0;
}

bpf_link_info info_of(const UniqueFd& link) {
  bpf_link_info info{};
  std::uint32_t size = sizeof info;
  if (!link.valid() || bpf_obj_get_info_by_fd(link.get(), &info, &size) != 0) return {};
  return info;
}

/// The link that attaches it. Needs CAP_SYS_ADMIN.
UniqueFd link_on(int ifindex) {
  const std::uint32_t program = id_on(ifindex);
  if (program == 0) return {};
  for (std::uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
    UniqueFd link(bpf_link_get_fd_by_id(id));
    const bpf_link_info info = info_of(link);
    if (info.type == BPF_LINK_TYPE_XDP && info.prog_id == program &&
        info.xdp.ifindex == static_cast<__u32>(ifindex))
      return link;
  }
  return {};
}

} // namespace

Result<RingProgram> RingProgram::hold(int ifindex) {
  auto link = attach(ifindex);
  for (int i = 0; !link && link.error().sys == EBUSY && i < kTries; i++) {
    if (UniqueFd shared = link_on(ifindex); shared.valid())
      return RingProgram(ifindex, std::move(shared));
    link = attach(ifindex);
  }
  if (link) return RingProgram(ifindex, std::move(*link));
  if (link.error().sys == EBUSY || link.error().sys == EEXIST)
    link.error().code = Errc::NotSupported;
  return tl::unexpected<Error>(std::move(link.error()));
}

bool RingProgram::is_on(int ifindex) {
  return id_on(ifindex) != 0;
}

bool RingProgram::give_way(int ifindex) {
  const UniqueFd link = link_on(ifindex);
  return link.valid() && bpf_link_detach(link.get()) == 0;
}

void RingProgram::keep() {
  if (info_of(link_).xdp.ifindex != 0) return;
  std::uint32_t id = 0;
  if (bpf_xdp_query_id(ifindex_, 0, &id) != 0 || id != 0) return;
  if (auto link = attach(ifindex_)) link_ = std::move(*link);
}

} // namespace xtg::xdp
