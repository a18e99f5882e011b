// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/kept_links.h"

#include <utility>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "xdp/libbpf.h"

namespace xtg::xdp {

Status KeptLinks::attach(int prog_fd, int ifindex, const char* what, std::uint32_t flags) {
  const std::lock_guard lock(mutex_);
  const auto key = std::tuple(ifindex, flags, std::string(what));
  if (const auto found = links_.find(key); found != links_.end()) {
    if (bpf_link_update(found->second.get(), prog_fd, nullptr) == 0) return {};
    links_.erase(found); // somebody detached it, or the interface is a new one
  }
  auto link = attach_xdp(prog_fd, ifindex, what, flags);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  links_.emplace(key, std::move(*link));
  return {};
}

std::vector<std::uint32_t> KeptLinks::programs() {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> out;
  for (const auto& [key, link] : links_) {
    bpf_link_info info{};
    std::uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(link.get(), &info, &size) == 0) out.push_back(info.prog_id);
  }
  return out;
}

} // namespace xtg::xdp
