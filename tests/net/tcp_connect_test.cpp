// SPDX-License-Identifier: BSD-2-Clause
#include <poll.h>
#include <sys/resource.h>

#include "tcp_test.h"

namespace xtg::net {
namespace {

using namespace test;
using std::chrono::steady_clock;

class TcpConnectTest : public TcpTest {
protected:
  [[nodiscard]] ConnectSpec to_far(bool v6 = false) const {
    ConnectSpec spec;
    spec.to = {far_address(v6), kPort};
    return spec;
  }
  /// The error that all entries must have.
  static Error only_error(const Result<std::vector<Connected>>& opened, std::size_t count) {
    EXPECT_OK(opened);
    if (!opened || opened->size() != count) return {Errc::Internal, 0, "not so many entries"};
    for (const Connected& c : *opened) {
      EXPECT_FALSE(c.socket.valid());
      if (!c.error) return {Errc::Internal, 0, "no error"};
      EXPECT_EQ(c.error->message(), opened->front().error->message());
    }
    return *opened->front().error;
  }
};

TEST_F(TcpConnectTest, OpensInOrderFromPortsAndAddress) {
  for (bool v6 : {false, true}) {
    auto listener = listen_far(v6);
    ASSERT_OK(listener);
    ConnectSpec spec = to_far(v6);
    spec.from = near_address(v6);
    spec.first_port = 20'000;
    spec.interface = "xtg0";
    spec.count = 5;
    spec.parallel = 2;
    auto opened = open_near(spec);
    ASSERT_OK(opened);
    ASSERT_EQ(opened->size(), 5U);
    for (std::uint16_t i = 0; i < 5; ++i) {
      const TcpSocket& socket = (*opened)[i].socket;
      ASSERT_TRUE(socket.valid()) << (*opened)[i].error->message();
      auto local = socket.local();
      ASSERT_OK(local);
      EXPECT_EQ(*local, (Endpoint{near_address(v6), static_cast<std::uint16_t>(20'000 + i)}));
      EXPECT_EQ(tcp_state(socket.fd()), TCP_ESTABLISHED);
      char device[16] = {};
      socklen_t length = sizeof(device);
      ASSERT_EQ(getsockopt(socket.fd(), SOL_SOCKET, SO_BINDTODEVICE, device, &length), 0);
      EXPECT_STREQ(device, "xtg0");
      int keepalive = 1;
      length = sizeof(keepalive);
      ASSERT_EQ(getsockopt(socket.fd(), SOL_SOCKET, SO_KEEPALIVE, &keepalive, &length), 0);
      EXPECT_EQ(keepalive, 0);
    }
  }
}

TEST_F(TcpConnectTest, NobodyListens) {
  for (bool v6 : {false, true}) {
    ConnectSpec spec = to_far(v6);
    spec.count = 300; // more than are under way at once
    const Error error = only_error(open_near(spec), 300);
    EXPECT_EQ(error.code, Errc::Peer);
    EXPECT_EQ(error.sys, ECONNREFUSED);
    EXPECT_EQ(error.message(), fmt::format("connect to {} port 10000: Connection refused",
                                           far_address(v6).to_string()));
  }
}

TEST_F(TcpConnectTest, Unreachable) {
  ASSERT_TRUE(run_ip(bed_->near_ns_name(), "route add unreachable 203.0.113.0/24"));
  for (auto [to, sys] :
       {std::pair{"192.0.2.1", ENETUNREACH}, std::pair{"203.0.113.1", EHOSTUNREACH},
        std::pair{"2001:db8::1", ENETUNREACH}}) {
    ConnectSpec spec;
    spec.to = {ip(to), 5};
    spec.count = 3;
    spec.parallel = 1;
    const Error error = only_error(open_near(spec), 3);
    EXPECT_EQ(error.code, Errc::Peer) << to;
    EXPECT_EQ(error.sys, sys) << to;
    EXPECT_EQ(error.what, fmt::format("connect to {} port 5", to));
  }
}

TEST_F(TcpConnectTest, NoAnswerInTime) {
  ASSERT_TRUE(misdirect(false, true));
  ConnectSpec spec = to_far();
  spec.count = 9;
  spec.parallel = 3;
  spec.timeout = 300ms;
  const auto start = steady_clock::now();
  const Error error = only_error(open_near(spec), 9);
  const auto took = steady_clock::now() - start;
  EXPECT_EQ(error.code, Errc::Timeout);
  EXPECT_EQ(error.message(), "connect to 198.18.0.2 port 10000: timed out: no answer within 300ms");
  EXPECT_GE(took, 900ms) << "more than three at a time";
  EXPECT_LT(took, 2s);
}

TEST_F(TcpConnectTest, ManyAtOnce) {
  auto listener = listen_far(true);
  ASSERT_OK(listener);
  ConnectSpec spec = to_far(true);
  spec.count = 500;
  const auto start = steady_clock::now();
  auto opened = open_near(spec);
  EXPECT_LT(steady_clock::now() - start, 5s);
  ASSERT_OK(opened);
  std::set<std::uint16_t> ports, seen;
  for (const Connected& c : *opened) {
    ASSERT_TRUE(c.socket.valid()) << c.error->message();
    ports.insert(c.socket.local().value_or(Endpoint{}).port);
    sockaddr_storage from{};
    socklen_t length = sizeof(from);
    UniqueFd far(accept(listener->get(), reinterpret_cast<sockaddr*>(&from), &length));
    ASSERT_TRUE(far.valid());
    seen.insert(tcp::to_endpoint(reinterpret_cast<sockaddr*>(&from)).value_or(Endpoint{}).port);
  }
  EXPECT_EQ(ports.size(), 500U);
  EXPECT_EQ(ports, seen);
}

TEST_F(TcpConnectTest, ATakenPortConcernsOneConnection) {
  auto listener = listen_far(false);
  ASSERT_OK(listener);
  auto taken = bed_->near_ns().run([&]() -> Result<UniqueFd> {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto at = tcp::to_sockaddr({near_address(false), 20'001}, {});
    if (bind(fd.get(), at.get(), at.length) != 0 || listen(fd.get(), 1) != 0)
      return fail_sys(errno, "listen");
    return fd;
  });
  ASSERT_OK(taken);
  ConnectSpec spec = to_far();
  spec.first_port = 20'000;
  spec.count = 3;
  auto opened = open_near(spec);
  ASSERT_OK(opened);
  EXPECT_TRUE((*opened)[0].socket.valid());
  EXPECT_TRUE((*opened)[2].socket.valid());
  ASSERT_TRUE((*opened)[1].error);
  EXPECT_EQ((*opened)[1].error->code, Errc::System);
  EXPECT_EQ((*opened)[1].error->message(),
            "connect from 0.0.0.0 port 20001: Address already in use");
}

TEST_F(TcpConnectTest, RunsOutOfLocalPorts) {
  auto listener = listen_far(false);
  ASSERT_OK(listener);
  ASSERT_TRUE(sysctl(bed_->near_ns_name(), "net.ipv4.ip_local_port_range='40000 40003'"));
  ConnectSpec spec = to_far();
  spec.count = 10;
  auto opened = open_near(spec);
  ASSERT_OK(opened);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ((*opened)[i].socket.valid(), i < 4) << i;
    if (i < 4) continue;
    ASSERT_TRUE((*opened)[i].error);
    EXPECT_EQ((*opened)[i].error->code, Errc::System);
    EXPECT_TRUE((*opened)[i].error->message().starts_with(
        "connect to 198.18.0.2 port 10000: no local port is free: of the 4 ports 40000-40003 "
        "(net.ipv4.ip_local_port_range), 4 are in use and 0 in TIME_WAIT"))
        << (*opened)[i].error->message();
  }
}

TEST_F(TcpConnectTest, StopEndsIt) {
  auto listener = listen_far(true);
  ASSERT_OK(listener);
  ASSERT_TRUE(misdirect(false, true));
  ConnectSpec spec = to_far();
  spec.count = 1000;
  spec.parallel = 10;
  spec.timeout = 30s;
  const auto start = steady_clock::now();
  const Error error =
      only_error(open_near(spec, [&] { return steady_clock::now() - start > 100ms; }), 1000);
  EXPECT_LT(steady_clock::now() - start, 5s);
  EXPECT_EQ(error.code, Errc::System);
  EXPECT_EQ(error.message(), "connect to 198.18.0.2 port 10000: interrupted");

  // What is open by then stays.
  ASSERT_TRUE(misdirect(false, false));
  spec.to.addr = far_address(true);
  int asked = 0;
  auto opened = open_near(spec, [&] { return ++asked > 6; });
  ASSERT_OK(opened);
  EXPECT_TRUE(opened->front().socket.valid());
  EXPECT_TRUE(opened->back().error);
  EXPECT_EQ(tcp_state(opened->front().socket.fd()), TCP_ESTABLISHED);
}

TEST_F(TcpConnectTest, WhatConcernsAll) {
  struct Case {
    const char* name;
    ConnectSpec spec;
    Errc code;
  };
  const ConnectSpec base = to_far();
  ConnectSpec ports = base, family = base, address = base, device = base;
  ports.first_port = 65'530;
  ports.count = 7;
  family.from = near_address(true);
  address.from = ip("192.0.2.77");
  device.interface = "nosuch0";
  for (const Case& c :
       {Case{"ports", ports, Errc::InvalidArgument}, Case{"family", family, Errc::InvalidArgument},
        Case{"address", address, Errc::InvalidArgument}, Case{"device", device, Errc::NotFound}}) {
    auto opened = open_near(c.spec);
    ASSERT_FALSE(opened) << c.name;
    EXPECT_EQ(opened.error().code, c.code) << c.name << ": " << opened.error().message();
  }
  ports.count = 6; // the last one is 65535
  EXPECT_OK(open_near(ports));
  ConnectSpec none = base;
  none.count = 0;
  auto opened = open_near(none);
  ASSERT_OK(opened);
  EXPECT_TRUE(opened->empty());
}

TEST_F(TcpConnectTest, RaisesTheLimitOfFilesAsFarAsAllowed) {
  auto listener = listen_far(false);
  ASSERT_OK(listener);
  ConnectSpec spec = to_far();
  spec.count = 400;
  const auto with_hard_limit = [&](rlim_t hard) {
    return in_child([&]() -> std::string {
      if (auto ok = bed_->near_ns().enter(); !ok) return ok.error().message();
      const rlimit limit{.rlim_cur = 64, .rlim_max = hard};
      if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return "setrlimit";
      if (!keep_only({CAP_NET_ADMIN})) return "capset";
      auto opened = open_connections(spec, {});
      if (!opened) return opened.error().message();
      for (const Connected& c : *opened)
        if (c.error) return c.error->message();
      return "";
    });
  };
  EXPECT_EQ(with_hard_limit(128),
            "open 400 connections with at most 128 files (ulimit -n, which only CAP_SYS_RESOURCE "
            "raises further): Too many open files");
  pollfd came{.fd = listener->get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&came, 1, 0), 0) << "none was opened in vain";
  EXPECT_EQ(with_hard_limit(4096), "");
}

TEST_F(TcpConnectTest, NoPermissionToBind) {
  EXPECT_EQ(in_child([&]() -> std::string {
              if (auto ok = bed_->near_ns().enter(); !ok) return ok.error().message();
              if (!keep_only({CAP_NET_ADMIN})) return "capset";
              ConnectSpec spec = to_far();
              spec.first_port = 80;
              auto opened = open_connections(spec, {});
              if (opened) return "opened";
              return opened.error().code == Errc::NoPermission ? "" : opened.error().message();
            }),
            "");
}

TEST(ResolveHost, AddressesAndNames) {
  for (const char* text : {"198.18.0.2", "2001:2::2", "::1"}) {
    auto found = resolve_host(text);
    ASSERT_OK(found);
    EXPECT_EQ(*found, std::vector{ip(text)});
  }
  auto mapped = resolve_host("::ffff:192.0.2.1");
  ASSERT_OK(mapped);
  EXPECT_EQ(*mapped, std::vector{ip("192.0.2.1")}) << "what the kernel would send is IPv4";
  auto local = resolve_host("localhost");
  ASSERT_OK(local);
  std::set<packet::Ip> once(local->begin(), local->end());
  EXPECT_EQ(once.size(), local->size());
  for (const packet::Ip& address : *local)
    EXPECT_TRUE(address == ip("127.0.0.1") || address == ip("::1")) << address.to_string();
  for (const char* text : {"", "no such host", "host.invalid."}) {
    auto found = resolve_host(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, Errc::NotFound);
    EXPECT_EQ(found.error().what.rfind(fmt::format("find host \"{}\": ", text), 0), 0U)
        << found.error().message();
  }
}

} // namespace
} // namespace xtg::net
