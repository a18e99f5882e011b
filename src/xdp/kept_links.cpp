// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/kept_links.h"

#include <utility>

#include <bpf/bpf.h>

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

} // namespace xtg::xdp
