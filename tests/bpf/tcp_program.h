// SPDX-License-Identifier: BSD-2-Clause
// The programs of `tcp` loaded for a test and run one packet at a time by BPF_PROG_RUN in ordinary
// mode: nothing leaves. The test is the far end, the sending thread and the clock's witness at
// once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/ingress_devices.h"
#include "packet/tcp.h"
#include "xdp/mapped.h"
#include "xdp/tcp_sender.h"
#include "xtg/abi/tcp.h"

struct xtg_tcp_bpf;

namespace xtg::test {

using Bytes = std::vector<std::uint8_t>;

struct TcpSetup {
  packet::TcpHeaderSpec header; ///< of what is sent
  bool send = true;             ///< false: only the ingress programs are loaded, which is quicker
  std::uint32_t flows = 1;
  std::uint32_t worker_streams = 1;
  std::uint32_t mss = 1000;
  std::uint32_t burst = 8;
  std::uint64_t pace_ns_q = 0;
  bool renew = false;
  bool bare = false;
  Bytes payload = {}; ///< one period; empty: zeros
};

/// Of one run of the send program.
struct TcpSent {
  std::uint32_t action = 0;
  Bytes bytes;                 ///< the frame as it would leave
  std::uint32_t metadata = 0;  ///< bytes before it
  std::uint64_t before_ns = 0; ///< the clock around the call
  std::uint64_t after_ns = 0;
};

class TcpProgram {
public:
  static constexpr std::uint32_t kEvents = 1024; ///< a worker's queue

  /// Loads; on failure ok() is false and error() says why.
  explicit TcpProgram(const TcpSetup& setup);
  ~TcpProgram();
  TcpProgram(const TcpProgram&) = delete;
  TcpProgram& operator=(const TcpProgram&) = delete;

  [[nodiscard]] bool ok() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const xtg_tcp_config& config() const { return config_; }

  /// From now on segments from the far end to this port are the flow's.
  void claim(std::uint32_t flow, std::uint16_t port);
  void release(std::uint16_t port);
  /// claim(), and the flow's worker may send.
  void open(std::uint32_t flow, const xdp::FlowSetup& setup);

  /// One run over a page of garbage, but for the payload where that is to come with the page.
  TcpSent send(std::uint32_t worker = 0);
  /// Runs until nothing is sent, or `most` frames.
  std::vector<TcpSent> send_all(std::uint32_t worker = 0, std::size_t most = 100'000);

  /// A packet from the interface, so often: the program's answer. Any thread may call these.
  [[nodiscard]] std::uint32_t receive(const Bytes& packet, std::uint32_t times = 1) const;
  [[nodiscard]] std::uint32_t receive_tc(const Bytes& packet) const;
  /// The next event of the worker's queue, as its thread would take it.
  std::optional<xtg_tcp_event> take_event(std::uint32_t worker = 0);

  [[nodiscard]] xtg_tcp_flow& flow(std::uint32_t number = 0) const { return flows_[number]; }
  [[nodiscard]] xtg_tcp_worker& worker(std::uint32_t number = 0) const;
  [[nodiscard]] xtg_tcp_queue& queue(std::uint32_t worker = 0) const;
  [[nodiscard]] xtg_tcp_control& control() const;
  [[nodiscard]] xtg_tcp_untaken& untaken() const;
  [[nodiscard]] xtg_tcp_icmp& icmp() const;

private:
  struct Closer {
    void operator()(xtg_tcp_bpf* skeleton) const;
  };
  void configure(const TcpSetup& setup);
  [[nodiscard]] int load(const TcpSetup& setup);
  [[nodiscard]] bool fill_payload(const Bytes& payload, std::span<const std::uint32_t> sums) const;
  [[nodiscard]] xtg_tcp_key key(std::uint16_t port) const;

  packet::TcpHeaderSpec header_;
  xtg_tcp_config config_{};
  std::optional<net::IngressDevices>
      devices_; ///< with several workers: the devices that tell them apart
  std::unique_ptr<xtg_tcp_bpf, Closer> skel_;
  xdp::MappedArray<xtg_tcp_flow> flows_;
  std::string error_;
};

/// A plain connection: documentation addresses, port 10000 at the far end.
packet::TcpHeaderSpec tcp_header(packet::Family family, bool timestamps);
/// The same as the far end has it, sending to our `port`.
packet::TcpHeaderSpec far_header(const packet::TcpHeaderSpec& ours, std::uint16_t port);

/// What every receiver checks: lengths, and the sums of the IPv4 header and of the TCP segment,
/// added up plainly.
testing::AssertionResult sums_right(std::span<const std::uint8_t> frame);

/// Bytes that look like nothing, the same for a seed.
Bytes noise(std::size_t size, std::uint64_t seed);

} // namespace xtg::test
