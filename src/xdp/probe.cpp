// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/probe.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/unique_fd.h"
#include "xdp/trivial.h"

namespace xtg::xdp {

Status probe_live_frames() {
  const auto code = return_constant(XDP_DROP);
  const UniqueFd prog(
      bpf_prog_load(BPF_PROG_TYPE_XDP, "xtg_probe", "GPL", code.data(), code.size(), nullptr));
  if (!prog.valid()) return fail_sys(errno, "load an XDP program");

  std::array<std::uint8_t, 60> frame{};
  LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data(), .data_size_in = frame.size(),
              .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
  if (bpf_prog_test_run_opts(prog.get(), &opts) == 0) return {};
  const int error = errno;
  auto failure = fail_sys(error, "run a 64-byte live frame (needs Linux 5.18)");
  if (error == EINVAL) return fail(Errc::NotSupported, failure.value().message());
  return failure;
}

Status probe_tracepoint() {
  const int btf_id = libbpf_find_vmlinux_btf_id("xdp_devmap_xmit", BPF_TRACE_RAW_TP);
  if (btf_id <= 0)
    return fail(Errc::NotSupported,
                "no BTF of the tracepoint xdp_devmap_xmit (CONFIG_DEBUG_INFO_BTF)");
  const auto code = return_constant(0);
  LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_RAW_TP,
              .attach_btf_id = static_cast<__u32>(btf_id));
  const UniqueFd prog(
      bpf_prog_load(BPF_PROG_TYPE_TRACING, "xtg_probe", "GPL", code.data(), code.size(), &opts));
  if (!prog.valid()) return fail_sys(errno, "load a tracepoint program");
  return {};
}

} // namespace xtg::xdp
