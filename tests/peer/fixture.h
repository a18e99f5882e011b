// SPDX-License-Identifier: BSD-2-Clause
// What the tests share. Those of EitherSender run the same script against the program and against
// the kernel's own TCP, which shows that the script asks for what a good sender does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "peer.h"

namespace xtg::peer::test {

inline constexpr std::uint64_t kMss = 1448; ///< with time stamps
/// Where a segment of the stream begins.
constexpr std::uint64_t at(std::uint64_t segment) {
  return segment * kMss;
}

enum class Sender { Program, Kernel };
inline void PrintTo(Sender sender, std::ostream* out) {
  *out << (sender == Sender::Program ? "program" : "kernel");
}

struct Scene {
  std::uint64_t bytes = 30'000;
  std::vector<std::string> options = {}; ///< of the program, in addition
  std::string congestion = {};           ///< of either
  packet::Family family = packet::Family::V4;
  WireOptions wire = {};
  std::vector<std::pair<std::string, std::string>> sysctls = {};
  std::uint16_t src_port = 0;
  std::uint8_t hop_limit = 64;       ///< -l of the program, and what its segments are to have
  std::uint8_t tos = 0;              ///< the same of --tos
  std::function<void()> before = {}; ///< in the child
  bool limited = true;               ///< ends after `bytes` (program only)
};

class PeerTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// Makes the wire and starts the sender. The script goes on with peer().
  Peer& start(Sender sender, const Scene& scene = {});
  /// Reads the rest, waits for the sender's end and looks at its exit status.
  void finish(int status, Where where = Where::here());
  /// The same after the end of the stream as usual: FIN, ACK, FIN, ACK.
  void finish_closed(std::uint64_t end, Where where = Where::here());

  [[nodiscard]] Sender sender() const { return sender_; }
  [[nodiscard]] bool program() const { return sender_ == Sender::Program; }
  [[nodiscard]] Peer& peer() { return *peer_; }
  [[nodiscard]] Wire& wire() { return *wire_; }
  [[nodiscard]] Child& child() { return *child_; }
  /// From the program's JSON after finish().
  [[nodiscard]] const nlohmann::json& sum() const { return json_.at("end").at("sum"); }
  [[nodiscard]] const nlohmann::json& flow() const { return json_.at("end").at("flows").at(0); }
  [[nodiscard]] std::string close_reason() const { return flow().at("close"); }
  [[nodiscard]] std::int64_t count(const char* name) const { return flow().at(name); }
  [[nodiscard]] std::int64_t again(const char* cause) const {
    return flow().at("retransmits_by_cause").at(cause);
  }
  /// Nothing for the kernel's sender, which does not report.
  void expect_count(const char* name, std::int64_t value, Where where = Where::here()) const;
  [[nodiscard]] const nlohmann::json& json() const { return json_; }

private:
  Sender sender_ = Sender::Program;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Child> child_;
  std::unique_ptr<Peer> peer_;
  nlohmann::json json_;
};

class EitherSender : public PeerTest, public testing::WithParamInterface<Sender> {
protected:
  Peer& start(const Scene& scene = {}) { return PeerTest::start(GetParam(), scene); }
};

inline std::string sender_name(const testing::TestParamInfo<Sender>& info) {
  return info.param == Sender::Program ? "program" : "kernel";
}

#define XTG_EITHER_SENDER(suite)                                                                   \
  INSTANTIATE_TEST_SUITE_P(wire, suite, testing::Values(Sender::Kernel, Sender::Program),          \
                           sender_name)

} // namespace xtg::peer::test
