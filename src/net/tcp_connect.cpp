// SPDX-License-Identifier: BSD-2-Clause
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <system_error>
#include <utility>

#include "net/interface.h"
#include "net/port_use.h"
#include "net/tcp_internal.h"

namespace xtg::net {

namespace {

constexpr std::uint64_t kAskStopNs = 50'000'000;

/// Raises the limit as far as allowed. EMFILE if that is not enough: finding it out by opening
/// files is slow.
Status allow_files(std::uint64_t count) {
  constexpr std::uint64_t kForOthers = 256; // programs, maps and links of a run
  std::error_code ignored;
  std::uint64_t need = count;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    (void)entry;
    ++need;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need + kForOthers) return {};
  const rlimit wish{.rlim_cur = need + kForOthers,
                    .rlim_max = std::max<rlim_t>(need + kForOthers, limit.rlim_max)};
  if (setrlimit(RLIMIT_NOFILE, &wish) == 0) return {};
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= need) return {};
  return fail_sys(EMFILE, fmt::format("open {} connections with at most {} files (ulimit -n, which "
                                      "only CAP_SYS_RESOURCE raises further)",
                                      count, limit.rlim_cur));
}

Status check(const ConnectSpec& spec) {
  if (spec.from && spec.from->family != spec.to.addr.family)
    return fail(Errc::InvalidArgument,
                fmt::format("{} cannot be reached from {}: one is IPv4, the other IPv6",
                            spec.to.addr.to_string(), spec.from->to_string()));
  if (spec.first_port && spec.count > 65536U - *spec.first_port)
    return fail(Errc::InvalidArgument, fmt::format("{} connections from port {} up need ports "
                                                   "above 65535",
                                                   spec.count, *spec.first_port));
  return {};
}

class Opener {
public:
  Opener(const ConnectSpec& spec, UniqueFd epoll)
      : spec_(spec), epoll_(std::move(epoll)), what_("connect to " + tcp::to_string(spec.to)),
        to_(tcp::to_sockaddr(spec.to, spec.interface)), done_(spec.count), pending_(spec.count) {}

  Result<std::vector<Connected>> run(const std::function<bool()>& stop) {
    while (settled_ < spec_.count) {
      if (stop && stop()) {
        interrupt(Error{Errc::System, 0, what_ + ": interrupted"});
        break;
      }
      if (auto ok = start_some(); !ok) return tl::unexpected<Error>(std::move(ok.error()));
      if (settled_ == next_) continue; // none in progress
      if (auto ok = wait(); !ok) return tl::unexpected<Error>(std::move(ok.error()));
      expire();
    }
    return std::move(done_);
  }

private:
  struct Deadline {
    std::uint64_t at_ns;
    std::uint32_t index;
  };

  Status start_some() {
    // The limit on starts lets `stop` be called even if every connect() fails at once.
    const std::uint32_t most = std::max(spec_.parallel, 1U);
    for (std::uint32_t i = 0; i < most && next_ < spec_.count && next_ - settled_ < most; ++i) {
      if (auto ok = start(next_++); !ok) return ok;
    }
    return {};
  }

  /// Returns an Error only for what concerns all connections.
  Status start(std::uint32_t index) {
    auto fd = tcp::new_socket(spec_.to.addr.family, spec_.interface, spec_.ip);
    if (!fd) return tl::unexpected<Error>(std::move(fd.error()));
    pending_[index] = std::move(*fd);
    if (spec_.from || spec_.first_port) {
      auto bound = bind_local(index);
      if (!bound) return tl::unexpected<Error>(std::move(bound.error()));
      if (!*bound) return {};
    }
    const int socket = pending_[index].get();
    if (connect(socket, to_.get(), to_.length) == 0) {
      settle(index);
      return {};
    }
    if (errno == EADDRNOTAVAIL) {
      settle(index, Error{Errc::System, 0, what_ + ": " + why_no_local_end()});
      if (!spec_.first_port) fail_rest(*done_[index].error); // finding that out again is slow
      return {};
    }
    if (errno != EINPROGRESS) {
      settle(index, tcp::fail_connection(errno, what_).value());
      return {};
    }
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.u32 = index;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) != 0)
      return fail_sys(errno, "wait for a connection");
    deadlines_.push_back({monotonic_ns() + static_cast<std::uint64_t>(
                                               std::max<std::int64_t>(spec_.timeout.count(), 0)),
                          index});
    return {};
  }

  /// Determined once: the tables are long.
  const std::string& why_no_local_end() {
    if (!no_local_end_.empty()) return no_local_end_;
    const auto use = port_use(spec_.to, spec_.first_port, spec_.count);
    const auto iface = interface_facts(spec_.interface);
    no_local_end_ = plan::why_no_local_end(use, spec_.first_port.has_value(), spec_.to.addr.is_v4(),
                                           iface.value_or(plan::InterfaceFacts{}));
    return no_local_end_;
  }

  /// False if this one connection cannot have its port.
  Result<bool> bind_local(std::uint32_t index) {
    const int socket = pending_[index].get();
    Endpoint local{.addr =
                       spec_.from.value_or(packet::Ip{.family = spec_.to.addr.family, .bytes = {}}),
                   .port = 0};
    Status ok;
    if (spec_.first_port) {
      local.port = static_cast<std::uint16_t>(*spec_.first_port + index);
      // Connections of the last run may still be in TIME_WAIT.
      ok = tcp::set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "let a port be reused");
    } else {
      // connect() chooses the port, because it can reuse one for several far ends.
      ok = tcp::set_option(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "leave the port open");
    }
    if (!ok) return tl::unexpected<Error>(std::move(ok.error()));
    const auto address = tcp::to_sockaddr(local, spec_.interface);
    if (bind(socket, address.get(), address.length) == 0) return true;
    const int err = errno;
    const std::string what = "connect from " + tcp::to_string(local);
    if (err == EADDRINUSE) {
      settle(index, fail_sys(err, what).value());
      return false;
    }
    if (err == EADDRNOTAVAIL)
      return fail(Errc::InvalidArgument, what + ": not an address of this host, or one that cannot "
                                                "be used yet (ip address show)");
    return fail_sys(err, what);
  }

  Status wait() {
    std::uint64_t wait_ns = kAskStopNs;
    const std::uint64_t now = monotonic_ns();
    if (!deadlines_.empty())
      wait_ns =
          deadlines_.front().at_ns > now ? std::min(wait_ns, deadlines_.front().at_ns - now) : 0;
    std::array<epoll_event, 256> events{};
    const int n = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                             static_cast<int>((wait_ns + 999'999) / 1'000'000));
    if (n < 0 && errno != EINTR) return fail_sys(errno, "wait for connections");
    for (int i = 0; i < n; ++i) {
      const std::uint32_t index = events[static_cast<std::size_t>(i)].data.u32;
      const int socket = pending_[index].get();
      auto err = tcp::option<int>(socket, SOL_SOCKET, SO_ERROR, "read the result of a connect()");
      if (!err) return tl::unexpected<Error>(std::move(err.error()));
      if (*err != 0) {
        settle(index, tcp::fail_connection(*err, what_).value());
        continue;
      }
      if (epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr) != 0)
        return fail_sys(errno, "wait for connections");
      settle(index);
    }
    return {};
  }

  /// Deadlines are in the order of the starts, because all timeouts are equal.
  void expire() {
    const std::uint64_t now = monotonic_ns();
    for (; !deadlines_.empty(); deadlines_.pop_front()) {
      const Deadline& first = deadlines_.front();
      if (!pending_[first.index].valid()) continue;
      if (first.at_ns > now) return;
      settle(first.index, Error{Errc::Timeout, 0,
                                fmt::format("{}: timed out: no answer within {}", what_,
                                            format_duration(spec_.timeout))});
    }
  }

  void settle(std::uint32_t index) {
    done_[index].socket = TcpSocket(std::move(pending_[index]));
    ++settled_;
  }
  void settle(std::uint32_t index, Error error) {
    done_[index].error = std::move(error);
    pending_[index].reset();
    ++settled_;
  }

  void interrupt(const Error& error) {
    for (std::uint32_t i = 0; i < next_; ++i)
      if (pending_[i].valid()) settle(i, error);
    fail_rest(error);
  }

  /// Fails those not started yet.
  void fail_rest(const Error& error) {
    for (; next_ < spec_.count; ++next_)
      settle(next_, error);
  }

  const ConnectSpec& spec_;
  UniqueFd epoll_;
  const std::string what_;
  const tcp::SockAddr to_;
  std::vector<Connected> done_;
  std::vector<UniqueFd> pending_; ///< valid: in progress
  std::deque<Deadline> deadlines_;
  std::string no_local_end_;
  std::uint32_t next_ = 0;    ///< the next one to start
  std::uint32_t settled_ = 0; ///< opened or failed
};

} // namespace

Result<std::vector<Connected>> open_connections(const ConnectSpec& spec,
                                                const std::function<bool()>& stop) {
  if (auto ok = check(spec); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = allow_files(spec.count); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_sys(errno, "wait for connections");
  return Opener(spec, std::move(epoll)).run(stop);
}

} // namespace xtg::net
