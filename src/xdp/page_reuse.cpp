// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/page_reuse.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

// The skeleton uses types of the shared ABI, so that header comes first.
#include "xtg/abi/reuse.h"
#include "xtg_reuse_bpf.skel.h"

#include "xdp/libbpf.h"

namespace xtg::xdp {

namespace {

// A pool allocates 64 pages at once, and the far end's ring holds 256.
constexpr std::uint32_t kRuns = 2048, kBatch = 64;

struct Closer {
  void operator()(xtg_reuse_bpf* skeleton) const { xtg_reuse_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<xtg_reuse_bpf, Closer>;

/// Whether all frames reached the driver as the program had sent them.
Result<bool> unchanged(const xtg_reuse_bpf& skel, bool renew) {
  xtg_reuse& reuse = skel.bss->reuse;
  reuse = {};
  reuse.renew = renew ? 1 : 0;
  const std::array<std::uint8_t, XTG_REUSE_LEN> frame{};
  auto end = run_live(bpf_program__fd(skel.progs.xtg_reuse_tx), frame, 0, kRuns, kBatch);
  if (!end) return tl::unexpected<Error>(std::move(end.error()));
  if (peek(reuse.again) == 0)
    return fail(Errc::System, "no page was reused during the live mode test");
  return peek(reuse.changed) == 0;
}

} // namespace

Result<plan::PageReuse> probe_page_reuse(int near, int far) {
  const Skeleton skel(xtg_reuse_bpf::open_and_load());
  if (!skel) return fail_sys(errno, "load the programs that test live mode");
  auto link = attach_xdp(bpf_program__fd(skel->progs.xtg_reuse_in), far, "a drop program");
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  const __u32 slot = 0;
  bpf_devmap_val target{};
  target.ifindex = static_cast<__u32>(near);
  target.bpf_prog.fd = bpf_program__fd(skel->progs.xtg_reuse_out);
  if (bpf_map_update_elem(bpf_map__fd(skel->maps.reuse_target), &slot, &target, 0) != 0)
    return fail_sys(errno, "set the output interface");

  auto by_itself = unchanged(*skel, false);
  if (!by_itself) return tl::unexpected<Error>(std::move(by_itself.error()));
  if (*by_itself) return plan::PageReuse::Renewed;
  auto by_program = unchanged(*skel, true);
  if (!by_program) return tl::unexpected<Error>(std::move(by_program.error()));
  return *by_program ? plan::PageReuse::OnChange : plan::PageReuse::Never;
}

} // namespace xtg::xdp
