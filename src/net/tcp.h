// SPDX-License-Identifier: BSD-2-Clause
// Connections of the kernel's own TCP that somebody else is to carry on: opened by connect(),
// frozen and read with TCP_REPAIR, and built anew from their last state to be closed properly.
// Needs CAP_NET_ADMIN. All in the calling thread's network namespace. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/units.h"
#include "core/unique_fd.h"
#include "packet/address.h"
#include "plan/tcp_agreement.h"

namespace xtg::net {

struct Endpoint {
  packet::Ip addr;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

/// Addresses of a host name (or of an address in text form) in the resolver's order, each once.
/// NotFound with the resolver's words.
Result<std::vector<packet::Ip>> resolve_host(const std::string& host);

/// What carries a connection on, as TCP_REPAIR tells it. Sequence numbers in host order.
struct TcpState {
  std::uint32_t snd_nxt = 0; ///< next byte we send; nothing is outstanding
  std::uint32_t rcv_nxt = 0; ///< next byte expected from the far end
  std::uint32_t snd_wl1 = 0; ///< TCP_REPAIR_WINDOW, as the kernel has it
  std::uint32_t snd_wnd = 0; ///< the far end's window in bytes, scaled
  std::uint32_t max_window = 0;
  std::uint32_t rcv_wnd = 0; ///< ours, in bytes
  std::uint32_t rcv_wup = 0;
  std::uint32_t timestamp = 0; ///< TSval that the kernel would send now, or one tick later: never
                               ///< older than what it sent
  std::uint32_t mss = 0;       ///< payload of a segment when no option is in the header (TCP_MAXSEG
                               ///< as the kernel tells it for repair, timestamps not taken off)
  std::uint32_t mss_payload = 0; ///< payload of a full segment with the options of this connection
  bool timestamps = false, sack = false, wscale = false, ecn = false;
  bool usec_timestamps = false; ///< TSval counts microseconds, by a route's tcp_usec_ts (Linux 6.7)
  std::uint8_t snd_wscale = 0;  ///< shift for the windows that the far end tells
  std::uint8_t rcv_wscale = 0;  ///< shift for the windows that we tell
  std::uint32_t rtt_us = 0;     ///< of the handshake, smoothed
  std::uint32_t unread = 0;     ///< payload from the far end that lies in the socket, in bytes
  std::uint8_t tcp_state = 0;   ///< TCPI state: 1 is ESTABLISHED, 8 CLOSE_WAIT (the far end's FIN
                                ///< has come, and rcv_nxt counts it)
};

struct Rebuild;

/// A connected socket, non-blocking. Its destructor closes it the ordinary way, a frozen one
/// silently.
class TcpSocket {
public:
  TcpSocket() = default;
  explicit TcpSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] bool valid() const { return fd_.valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Result<Endpoint> local() const;
  /// Whom it is connected to, which a program of a cgroup may have changed since connect().
  [[nodiscard]] Result<Endpoint> remote() const;

  /// Into repair mode: from now on it sends nothing by itself, and close() is silent.
  Status freeze();
  /// Of a frozen socket.
  [[nodiscard]] Result<TcpState> state() const;
  /// Drops bytes received so far; how many. A frozen one thaws for that moment, and may send a
  /// window update.
  Result<std::uint64_t> drain_input();
  void close() { fd_ = UniqueFd(); }
  /// The far end's FIN came before rebuild(); the kernel's socket does not know.
  [[nodiscard]] bool far_end_closed() const { return far_end_closed_; }

private:
  friend Result<TcpSocket> rebuild_frozen(const Rebuild& spec);
  UniqueFd fd_;
  bool far_end_closed_ = false;
};

/// What the kernel's own segments of a connection carry in the IP header. IPv6 flow labels are 0,
/// as in the data that others send for it: a path that hashes the label keeps them together.
struct IpFields {
  std::uint8_t tos = 0; ///< TOS or traffic class; the ECN bits are the kernel's
  std::uint8_t hop_limit = 64;
};

/// What a connection from this namespace asks for, by its sysctls.
plan::TcpOptions default_options();

struct ConnectSpec {
  Endpoint to;
  std::optional<packet::Ip> from;
  std::optional<std::uint16_t> first_port; ///< connection i is bound to this plus i
  std::string interface;                   ///< SO_BINDTODEVICE; empty: by the route
  std::uint32_t count = 1;
  std::uint32_t parallel = 128;
  Nanoseconds timeout{2'000'000'000}; ///< of each connection
  IpFields ip = {};
};

struct Connected {
  TcpSocket socket; ///< not valid when `error` is set
  /// Errc::Peer (refused, unreachable, reset) or Timeout, with the reason; System where this one
  /// got no local port.
  std::optional<Error> error;
};

/// Opens `count` connections, at most `parallel` at a time; returns one entry each, in order.
/// Raises RLIMIT_NOFILE as far as needed and allowed. `stop` is asked now and then; when it says
/// true the rest is not opened (their error: Errc::System "interrupted"). An Error is one that
/// concerns all: too many files, no permission to bind, no such interface or source address.
Result<std::vector<Connected>> open_connections(const ConnectSpec& spec,
                                                const std::function<bool()>& stop);

/// A connection as it stands after somebody else has carried it on.
struct Rebuild {
  Endpoint local, remote;
  std::string interface;
  TcpState state; ///< as read at take-over, with snd_nxt, rcv_nxt, snd_wl1, snd_wnd, timestamp
                  ///< brought up to date, and tcp_state 8 when the far end's FIN has come since.
                  ///< Our window is taken to be rcv_wnd from rcv_nxt on; rcv_wup does not matter.
  IpFields ip = {};
};

/// Builds the kernel's socket anew; sends nothing. The old one must be closed before. Leaves repair
/// mode without a window probe (TCP_REPAIR_OFF_NO_WP, Linux 4.19), so from here on the socket is an
/// ordinary established connection and its segments must reach it again.
Result<TcpSocket> rebuild(const Rebuild& spec);
/// As rebuild(), but still frozen: for the moment before the far end's segments may reach it.
Result<TcpSocket> rebuild_frozen(const Rebuild& spec);
/// Leaves repair mode without a window probe.
Status thaw(TcpSocket& socket);

/// FIN: no more data from here. A lost one is repeated after 1 s (before Linux 6.15: 3 s).
Status send_fin(const TcpSocket& socket);
/// RST with the right sequence number, and closes.
Status send_rst(TcpSocket& socket);
/// How far a connection is after send_fin().
enum class Closing : std::uint8_t {
  Unacknowledged, ///< our FIN is
  HalfClosed,     ///< our FIN is acknowledged, the far end's has not come
  Closed,         ///< FIN both ways, all acknowledged
  Reset,
};
/// Reads and drops what the far end still sends (added to *received) and tells how far it is.
Result<Closing> closing(const TcpSocket& socket, std::uint64_t* received);

/// Of many connections that are being closed, those that are to be looked at: something came, or
/// the state is another. One leaves it when it is closed.
class ClosingWatch {
public:
  static Result<ClosingWatch> open();
  /// `number` is what take() tells it by.
  Status add(const TcpSocket& socket, std::uint32_t number);
  /// At most some hundred at once.
  [[nodiscard]] std::vector<std::uint32_t> take() const;

private:
  explicit ClosingWatch(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  UniqueFd epoll_;
};

} // namespace xtg::net
