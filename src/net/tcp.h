// SPDX-License-Identifier: BSD-2-Clause
// Connections of the kernel's TCP that the programs carry on: opened by connect(), frozen and read
// with TCP_REPAIR, and rebuilt from their last state to be closed properly. Needs CAP_NET_ADMIN.
// Everything is in the calling thread's network namespace. Not thread-safe.
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

/// Addresses of a host name (or of an address as text) in the resolver's order, without duplicates.
/// NotFound with the resolver's message.
Result<std::vector<packet::Ip>> resolve_host(const std::string& host);

/// State needed to carry on a connection, as read by TCP_REPAIR. Sequence numbers in host order.
struct TcpState {
  std::uint32_t snd_nxt = 0; ///< next byte we send; nothing is outstanding
  std::uint32_t rcv_nxt = 0; ///< next byte expected from the far end
  std::uint32_t snd_wl1 = 0; ///< from TCP_REPAIR_WINDOW
  std::uint32_t snd_wnd = 0; ///< the far end's window in bytes, scaled
  std::uint32_t max_window = 0;
  std::uint32_t rcv_wnd = 0; ///< ours, in bytes
  std::uint32_t rcv_wup = 0;
  std::uint32_t timestamp = 0;   ///< current TSval of the kernel, or one tick later: never
                                 ///< older than one it has sent
  std::uint32_t mss = 0;         ///< payload of a segment without header options (TCP_MAXSEG
                                 ///< in repair mode, timestamps not subtracted)
  std::uint32_t mss_payload = 0; ///< payload of a full segment with the options of this connection
  bool timestamps = false, sack = false, wscale = false, ecn = false;
  bool usec_timestamps = false; ///< TSval counts microseconds, by a route's tcp_usec_ts (Linux 6.7)
  std::uint8_t snd_wscale = 0;  ///< shift for the windows that the far end announces
  std::uint8_t rcv_wscale = 0;  ///< shift for the windows that we announce
  std::uint32_t rtt_us = 0;     ///< of the handshake, smoothed
  std::uint32_t unread = 0;     ///< unread payload from the far end in the socket, in bytes
  std::uint8_t tcp_state = 0;   ///< TCPI state: 1 is ESTABLISHED, 8 CLOSE_WAIT (the far end's FIN
                                ///< has arrived, and rcv_nxt includes it)
};

struct Rebuild;

/// A connected socket, non-blocking. The destructor closes it normally, or silently if it is
/// frozen.
class TcpSocket {
public:
  TcpSocket() = default;
  explicit TcpSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] bool valid() const { return fd_.valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Result<Endpoint> local() const;
  /// The connected address, which a cgroup program may have changed since connect().
  [[nodiscard]] Result<Endpoint> remote() const;

  /// Enters repair mode: from now on the socket sends nothing by itself, and close() is silent.
  Status freeze();
  /// Requires a frozen socket.
  [[nodiscard]] Result<TcpState> state() const;
  /// Drops the bytes received so far and returns their number. A frozen socket is thawed for that
  /// moment and may send a window update.
  Result<std::uint64_t> drain_input();
  void close() { fd_ = UniqueFd(); }
  /// The far end's FIN arrived before rebuild(); the kernel's socket does not know.
  [[nodiscard]] bool far_end_closed() const { return far_end_closed_; }

private:
  friend Result<TcpSocket> rebuild_frozen(const Rebuild& spec);
  UniqueFd fd_;
  bool far_end_closed_ = false;
};

/// IP header fields of the kernel's own segments of a connection. The IPv6 flow label is 0, as in
/// the data that the programs send: a path that hashes the label keeps them together.
struct IpFields {
  std::uint8_t tos = 0; ///< TOS or traffic class; the kernel sets the ECN bits
  std::uint8_t hop_limit = 64;
};

/// The options that a connection from this namespace requests, by its sysctls.
plan::TcpOptions default_options();

struct ConnectSpec {
  Endpoint to;
  std::optional<packet::Ip> from;
  std::optional<std::uint16_t> first_port; ///< connection i binds to this plus i
  std::string interface;                   ///< SO_BINDTODEVICE; empty: as routed
  std::uint32_t count = 1;
  std::uint32_t parallel = 128;
  Nanoseconds timeout{2'000'000'000}; ///< per connection
  IpFields ip = {};
};

struct Connected {
  TcpSocket socket; ///< not valid if `error` is set
  /// Errc::Peer (refused, unreachable, reset) or Timeout, with the reason; System if the connection
  /// got no local port.
  std::optional<Error> error;
};

/// Opens `count` connections, at most `parallel` at a time; returns one entry each, in order.
/// Raises RLIMIT_NOFILE as far as needed and allowed. `stop` is called now and then; once it
/// returns true, no more are opened (their error: Errc::System "interrupted"). Returns an Error
/// only for what concerns all connections: too many files, no permission to bind, no such interface
/// or source address.
Result<std::vector<Connected>> open_connections(const ConnectSpec& spec,
                                                const std::function<bool()>& stop);

/// A connection's state after the programs have carried it on.
struct Rebuild {
  Endpoint local, remote;
  std::string interface;
  TcpState state; ///< as read at take-over, with snd_nxt, rcv_nxt, snd_wl1, snd_wnd, timestamp
                  ///< updated, and tcp_state 8 if the far end's FIN has arrived since. Our window
                  ///< is assumed to be rcv_wnd from rcv_nxt on; rcv_wup is ignored.
  IpFields ip = {};
};

/// Rebuilds the kernel's socket; sends nothing. The old one must be closed before. Leaves repair
/// mode without a window probe (TCP_REPAIR_OFF_NO_WP, Linux 4.19), so from here on the socket is an
/// ordinary established connection, and its segments must reach it again.
Result<TcpSocket> rebuild(const Rebuild& spec);
/// As rebuild(), but still frozen: for the time until the far end's segments may reach it.
Result<TcpSocket> rebuild_frozen(const Rebuild& spec);
/// Leaves repair mode without a window probe.
Status thaw(TcpSocket& socket);

/// Sends a FIN: no more data from here. A lost one is repeated after 1 s (before Linux 6.15: 3 s).
Status send_fin(const TcpSocket& socket);
/// Sends an RST with the right sequence number, and closes the socket.
Status send_rst(TcpSocket& socket);
/// Progress of a connection after send_fin().
enum class Closing : std::uint8_t {
  Unacknowledged, ///< our FIN is not acknowledged
  HalfClosed,     ///< our FIN is acknowledged, the far end's has not arrived
  Closed,         ///< FIN both ways, all acknowledged
  Reset,
};
/// Reads and drops data that the far end still sends (added to *received) and returns the progress.
Result<Closing> closing(const TcpSocket& socket, std::uint64_t* received);

/// Selects those of many closing connections that need attention: data arrived, or the state
/// changed. A connection is removed when it is closed.
class ClosingWatch {
public:
  static Result<ClosingWatch> open();
  /// take() identifies the connection by `number`.
  Status add(const TcpSocket& socket, std::uint32_t number);
  /// Returns some hundred at most.
  [[nodiscard]] std::vector<std::uint32_t> take() const;

private:
  explicit ClosingWatch(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  UniqueFd epoll_;
};

} // namespace xtg::net
