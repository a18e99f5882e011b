// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/libbpf.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <deque>
#include <mutex>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "core/text.h"
#include "xdp/egress.h"
#include "xdp/kept_links.h"
#include "xdp/ring_program.h"

namespace xtg::xdp {

namespace {

// libbpf's log callback has no context argument, so the ring is global.
struct LogRing {
  std::mutex mutex;
  std::deque<std::string> lines;
  bool echo = false;
};
LogRing& log_ring() {
  static LogRing ring;
  return ring;
}

int log_line(enum libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG) return 0;
  // The verifier's log arrives as one text of any length.
  va_list again;
  va_copy(again, args);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length < 0) return length;
  std::string line(static_cast<std::size_t>(length), '\0');
  std::vsnprintf(line.data(), line.size() + 1, format, args);
  LogRing& ring = log_ring();
  const std::lock_guard lock(ring.mutex);
  while (!line.empty() && line.back() == '\n')
    line.pop_back();
  if (ring.echo) std::fprintf(stderr, "%s\n", printable(line, "\n\t").c_str());
  ring.lines.push_back(std::move(line));
  if (ring.lines.size() > 8) ring.lines.pop_front();
  return length;
}

} // namespace

void init_logging(bool echo) {
  log_ring().echo = echo;
  libbpf_set_print(log_line);
}

std::string last_log_line() {
  LogRing& ring = log_ring();
  const std::lock_guard lock(ring.mutex);
  return ring.lines.empty() ? std::string() : ring.lines.back();
}

Error load_error(Error error) {
  const std::string log = last_log_line();
  return std::move(error).context(log.empty() ? "load" : fmt::format("load ({})", log));
}

Result<UniqueFd> attach_xdp(int prog_fd, int ifindex, const char* what, std::uint32_t flags,
                            KeptLinks* kept) {
  if (kept != nullptr) {
    auto attached = kept->attach(prog_fd, ifindex, what, flags);
    if (!attached) return tl::unexpected<Error>(std::move(attached.error()));
    return UniqueFd();
  }
  LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
  int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);
  if ((fd == -EBUSY || fd == -EEXIST) && RingProgram::give_way(ifindex))
    fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);
  if (fd < 0) return fail_sys(-fd, fmt::format("attach {} to interface {}", what, ifindex));
  return UniqueFd(fd);
}

Result<UniqueFd> attach_ingress(int prog_fd, int ifindex, const char* what, AttachMode attach_mode,
                                KeptLinks* kept) {
  if (attach_mode == AttachMode::Tc) return attach_tcx(prog_fd, ifindex, what);
  // XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE of <linux/if_link.h>.
  constexpr std::uint32_t kGenericMode = 1U << 1, kDriverMode = 1U << 2;
  auto link = attach_xdp(prog_fd, ifindex, what,
                         attach_mode == AttachMode::Generic ? kGenericMode : kDriverMode, kept);
  if (link) return link;
  switch (link.error().sys) {
  case EBUSY:
  case EEXIST:
  case EINVAL: // also ERANGE, ENOSPC: drivers' errors for an unsupported frame size or number of
               // queues
  case ERANGE:
  case ENOSPC:
    link.error().code = Errc::NotSupported;
    break;
  default:
    break;
  }
  return link;
}

Result<UniqueFd> attach_tracepoint(const bpf_program* program) {
  const int fd = bpf_raw_tracepoint_open(nullptr, bpf_program__fd(program));
  if (fd < 0) return fail_sys(errno, "attach to a tracepoint");
  return UniqueFd(fd);
}

Result<RunEnd> run_live(int prog_fd, std::span<const std::uint8_t> frame,
                        std::uint32_t ingress_ifindex, std::uint32_t runs, std::uint32_t batch) {
  xdp_md context{};
  context.data_end = static_cast<__u32>(frame.size());
  context.ingress_ifindex = ingress_ifindex;
  LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data(),
              .data_size_in = static_cast<__u32>(frame.size()), .ctx_in = &context,
              .ctx_size_in = sizeof context, .repeat = static_cast<int>(runs),
              .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch);
  const int error = bpf_prog_test_run_opts(prog_fd, &opts) == 0 ? 0 : errno;
  switch (error) {
  case 0:
    return RunEnd::Complete;
  case EINTR:
    return RunEnd::Interrupted;
  case ENOMEM:
    return RunEnd::NoMemory;
  default:
    return fail_sys(error, "run the send program");
  }
}

std::map<int, std::uint64_t> read_errnos(int map_fd) {
  std::map<int, std::uint64_t> out;
  __u32 key = 0, next = 0;
  for (__u32* at = nullptr; bpf_map_get_next_key(map_fd, at, &next) == 0; at = &key) {
    __u64 count = 0;
    key = next;
    if (key != 0 && bpf_map_lookup_elem(map_fd, &key, &count) == 0)
      out[static_cast<int>(key)] = count;
  }
  return out;
}

bool has_tai() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_tai_ns, nullptr) == 1;
}

std::string why_no_tracepoint(const Error& error) {
  if (error.code == Errc::NoPermission)
    return fmt::format("tracepoints, which need CAP_PERFMON, are refused: {}", error.message());
  return fmt::format("tracepoint xdp_devmap_xmit cannot be used: {}", error.message());
}

} // namespace xtg::xdp
