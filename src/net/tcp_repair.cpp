// SPDX-License-Identifier: BSD-2-Clause
// TCP_REPAIR: reads a connection's state out of the kernel and rebuilds a socket from it.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "net/tcp_internal.h"

namespace xtg::net {

namespace {

/// TCPI_OPT_USEC_TS: the timestamp clock counts microseconds (Linux 6.7).
constexpr unsigned kOptUsecTimestamps = 64;

Status set(int fd, int name, int value, const char* what) {
  return tcp::set_option(fd, IPPROTO_TCP, name, value, what);
}

Status set(int fd, int name, std::uint32_t value, const char* what) {
  return set(fd, name, static_cast<int>(value), what);
}

Result<std::uint32_t> get(int fd, int name, const char* what) {
  return tcp::option<std::uint32_t>(fd, IPPROTO_TCP, name, what);
}

Result<std::uint32_t> queue_seq(int fd, int queue) {
  if (auto ok = set(fd, TCP_REPAIR_QUEUE, queue, "choose a queue of a connection"); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  auto seq = get(fd, TCP_QUEUE_SEQ, "read a sequence number");
  if (auto ok = set(fd, TCP_REPAIR_QUEUE, TCP_NO_QUEUE, "leave a queue of a connection"); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  return seq;
}

Status set_queue_seq(int fd, int queue, std::uint32_t seq) {
  if (auto ok = set(fd, TCP_REPAIR_QUEUE, queue, "choose a queue of a connection"); !ok) return ok;
  if (auto ok = set(fd, TCP_QUEUE_SEQ, seq, "set a sequence number"); !ok) return ok;
  return set(fd, TCP_REPAIR_QUEUE, TCP_NO_QUEUE, "leave a queue of a connection");
}

void copy_info(const tcp_info& info, TcpState& state) {
  state.timestamps = (info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
  state.usec_timestamps = (info.tcpi_options & kOptUsecTimestamps) != 0;
  state.sack = (info.tcpi_options & TCPI_OPT_SACK) != 0;
  state.wscale = (info.tcpi_options & TCPI_OPT_WSCALE) != 0;
  state.ecn = (info.tcpi_options & TCPI_OPT_ECN) != 0;
  state.snd_wscale = info.tcpi_snd_wscale;
  state.rcv_wscale = info.tcpi_rcv_wscale;
  state.mss_payload = info.tcpi_snd_mss;
  state.rtt_us = info.tcpi_rtt;
  state.tcp_state = info.tcpi_state;
}

Status read_sequence(int fd, TcpState& state) {
  auto sent = queue_seq(fd, TCP_SEND_QUEUE);
  if (!sent) return tl::unexpected<Error>(std::move(sent.error()));
  auto received = queue_seq(fd, TCP_RECV_QUEUE);
  if (!received) return tl::unexpected<Error>(std::move(received.error()));
  state.snd_nxt = *sent;
  state.rcv_nxt = *received;
  int outstanding = 0;
  if (ioctl(fd, SIOCOUTQ, &outstanding) != 0)
    return fail_sys(errno, "read the number of unacknowledged bytes");
  if (outstanding != 0)
    return fail(Errc::Internal, fmt::format("{} bytes are not acknowledged yet", outstanding));
  return {};
}

Status read_window(int fd, TcpState& state) {
  auto window = tcp::option<tcp_repair_window>(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, "read windows");
  if (!window) return tl::unexpected<Error>(std::move(window.error()));
  state.snd_wl1 = window->snd_wl1;
  state.snd_wnd = window->snd_wnd;
  state.max_window = window->max_window;
  state.rcv_wnd = window->rcv_wnd;
  state.rcv_wup = window->rcv_wup;
  return {};
}

bool after(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) > 0;
}

Status set_options(int fd, const TcpState& state) {
  std::vector<tcp_repair_opt> options{{TCPOPT_MAXSEG, state.mss}};
  // Also without window scaling: the new socket has a default scale until it is set to 0.
  options.push_back({TCPOPT_WINDOW, state.snd_wscale | std::uint32_t{state.rcv_wscale} << 16});
  if (state.sack) options.push_back({TCPOPT_SACK_PERMITTED, 0});
  if (state.timestamps) options.push_back({TCPOPT_TIMESTAMP, 0});
  if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, options.data(),
                 static_cast<socklen_t>(options.size() * sizeof(options[0]))) != 0)
    return fail_sys(errno, "set the negotiated options");
  if (!state.timestamps) return {};
  // Since Linux 6.7 the lowest bit chooses the clock instead (1: microseconds). Rounds up the other
  // bits, because the far end rejects an older timestamp.
  const std::uint32_t stamp =
      state.usec_timestamps ? state.timestamp | 1 : (state.timestamp + 1) & ~1U;
  return set(fd, TCP_TIMESTAMP, stamp, "set the time stamp");
}

/// The kernel requires max_window >= snd_wnd, rcv_wup not after rcv_nxt, snd_wl1 inside our window.
Status set_window(int fd, const TcpState& state) {
  tcp_repair_window window{};
  // A stale snd_wl1 can no longer be compared: the next segment may set the window, whichever it
  // is.
  window.snd_wl1 = after(state.snd_wl1, state.rcv_nxt) ? state.rcv_nxt : state.snd_wl1;
  window.snd_wnd = state.snd_wnd;
  window.max_window = std::max(state.max_window, state.snd_wnd);
  // Our window counts from rcv_wup. The value of the take-over would make it shrink by everything
  // received since, in the end to nothing, and the far end's FIN would be outside of it.
  window.rcv_wnd = state.rcv_wnd;
  window.rcv_wup = state.rcv_nxt;
  return tcp::set_option(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, window, "set the windows");
}

/// connect() reads the segment size from here and computes it only once; TCP_REPAIR_OPTIONS comes
/// later, and alone would leave the socket with segments of 536 bytes.
void set_segment_size(int fd, std::uint32_t mss) {
  constexpr std::uint32_t kMost = 32767;                                   // MAX_TCP_WINDOW
  (void)set(fd, TCP_MAXSEG, std::min(mss, kMost), "set the segment size"); // it works with less too
}

Status restore(int fd, const Rebuild& spec) {
  const auto local = tcp::to_sockaddr(spec.local, spec.interface);
  const auto remote = tcp::to_sockaddr(spec.remote, spec.interface);
  if (bind(fd, local.get(), local.length) != 0) return fail_sys(errno, "bind");
  if (auto ok = set_queue_seq(fd, TCP_SEND_QUEUE, spec.state.snd_nxt); !ok) return ok;
  if (auto ok = set_queue_seq(fd, TCP_RECV_QUEUE, spec.state.rcv_nxt); !ok) return ok;
  set_segment_size(fd, spec.state.mss);
  if (connect(fd, remote.get(), remote.length) != 0) return fail_sys(errno, "connect");
  if (auto ok = set_options(fd, spec.state); !ok) return ok;
  return set_window(fd, spec.state);
}

} // namespace

Status TcpSocket::freeze() {
  return set(fd_.get(), TCP_REPAIR, TCP_REPAIR_ON, "freeze a connection (CAP_NET_ADMIN)");
}

Result<TcpState> TcpSocket::state() const {
  constexpr const char* kWhat = "read a frozen connection";
  auto frozen = tcp::is_frozen(fd_.get());
  if (!frozen) return forward(std::move(frozen), kWhat);
  if (!*frozen) return fail(Errc::Internal, fmt::format("{}: it is not frozen", kWhat));
  auto info = tcp::info(fd_.get());
  if (!info) return forward(std::move(info), kWhat);
  if (info->tcpi_state == TCP_CLOSE)
    return fail(Errc::Peer, fmt::format("{}: the far end has reset it", kWhat));
  TcpState state;
  copy_info(*info, state);
  if (auto ok = read_sequence(fd_.get(), state); !ok) return forward(std::move(ok), kWhat);
  if (auto ok = read_window(fd_.get(), state); !ok) return forward(std::move(ok), kWhat);
  auto mss = get(fd_.get(), TCP_MAXSEG, "read the segment size");
  if (!mss) return forward(std::move(mss), kWhat);
  state.mss = *mss;
  int unread = 0;
  if (ioctl(fd_.get(), SIOCINQ, &unread) != 0) return fail_sys(errno, kWhat);
  state.unread = static_cast<std::uint32_t>(unread);
  if (state.timestamps) {
    auto stamp = get(fd_.get(), TCP_TIMESTAMP, "read the time stamp");
    if (!stamp) return forward(std::move(stamp), kWhat);
    // The kernel clears the lowest bit (see set_options()) and may have sent one with it set.
    state.timestamp = *stamp | 1;
  }
  return state;
}

Status thaw(TcpSocket& socket) {
  Status ok =
      set(socket.fd(), TCP_REPAIR, TCP_REPAIR_OFF_NO_WP, "thaw a connection (CAP_NET_ADMIN)");
  if (!ok) return ok;
  // Leaving repair mode clears SO_REUSEADDR. Without it the coming TIME_WAIT would block the port
  // for everybody for a minute.
  return tcp::set_option(socket.fd(), SOL_SOCKET, SO_REUSEADDR, 1, "let a port be reused");
}

Result<TcpSocket> rebuild_frozen(const Rebuild& spec) {
  const std::string what = fmt::format("rebuild the connection from {} to {}",
                                       tcp::to_string(spec.local), tcp::to_string(spec.remote));
  auto fd = tcp::new_socket(spec.remote.addr.family, spec.interface, spec.ip);
  if (!fd) return forward(std::move(fd), what);
  TcpSocket socket(std::move(*fd));
  socket.far_end_closed_ = spec.state.tcp_state == TCP_CLOSE_WAIT;
  if (auto ok = socket.freeze(); !ok) return forward(std::move(ok), what);
  if (auto ok = restore(socket.fd(), spec); !ok) return forward(std::move(ok), what);
  return socket;
}

Result<TcpSocket> rebuild(const Rebuild& spec) {
  auto socket = rebuild_frozen(spec);
  if (!socket) return socket;
  if (auto ok = thaw(*socket); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  return socket;
}

} // namespace xtg::net
