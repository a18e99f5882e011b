// SPDX-License-Identifier: BSD-2-Clause
#include "fixture.h"

#include <cstdlib>

#include <fmt/format.h>

#include "support/privileges.h"

namespace xtg::peer::test {

namespace {

constexpr std::uint16_t kPort = 10000;

std::string binary() {
  const char* other = std::getenv("XTG_BINARY");
  return other != nullptr ? other : XTG_BINARY_BUILT;
}

std::vector<std::string> words_of(const Scene& scene, const Ends& ends) {
  std::vector<std::string> words = {binary(),      "tcp",     "-i",
                                    Wire::kDevice, "-p",      std::to_string(kPort),
                                    "--payload",   "pattern", "--json"};
  if (scene.limited) words.insert(words.end(), {"--bytes", std::to_string(scene.bytes)});
  if (!scene.congestion.empty()) words.insert(words.end(), {"--congestion", scene.congestion});
  if (scene.hop_limit != 64) words.insert(words.end(), {"-l", std::to_string(scene.hop_limit)});
  if (scene.tos != 0) words.insert(words.end(), {"--tos", std::to_string(scene.tos)});
  if (scene.src_port != 0) words.insert(words.end(), {"-P", std::to_string(scene.src_port)});
  words.insert(words.end(), scene.options.begin(), scene.options.end());
  words.push_back(ends.dst.to_string());
  return words;
}

KernelSender kernel_of(const Scene& scene, const Ends& ends) {
  KernelSender s;
  s.addr = ends.dst.to_string();
  s.port = kPort;
  s.congestion = scene.congestion;
  s.src_port = scene.src_port;
  for (std::uint64_t i = 0; i < scene.bytes; ++i)
    s.payload += static_cast<char>(pattern_byte(i));
  return s;
}

} // namespace

void PeerTest::SetUp() {
  XTG_REQUIRE_CAPS("netns");
}

void PeerTest::TearDown() {
  if (HasFailure() && peer_) {
    std::printf("%s", peer_->transcript().c_str());
    std::printf("--- the sender wrote:\n%s%s\n", child_->out().c_str(), child_->err().c_str());
  }
  peer_.reset();
  child_.reset();
  wire_.reset();
}

Peer& PeerTest::start(Sender sender, const Scene& scene) {
  sender_ = sender;
  peer_.reset();
  child_.reset();
  wire_.reset(); // and with it home, before there is another to go to
  auto wire = Wire::make(scene.wire);
  if (!wire) throw Failure(wire.error().message());
  wire_ = std::move(*wire);
  for (const auto& [name, value] : scene.sysctls)
    if (auto ok = wire_->set_sysctl(name, value); !ok) throw Failure(ok.error().message());
  const Ends& ends = wire_->ends(scene.family);
  Child::Start what;
  what.before = scene.before;
  if (sender == Sender::Program)
    what.words = words_of(scene, ends);
  else
    what.function = [s = kernel_of(scene, ends)] { return run_kernel_sender(s); };
  auto child = Child::start(what);
  if (!child) throw Failure(child.error().message());
  child_ = std::make_unique<Child>(std::move(*child));
  Peer::Setup setup{.family = scene.family, .port = kPort};
  setup.hop_limit = scene.hop_limit;
  setup.tos = scene.tos;
  if (sender == Sender::Program) setup.flow_label = 0;
  peer_ = std::make_unique<Peer>(*wire_, *child_, setup);
  return *peer_;
}

void PeerTest::finish(int status, Where where) {
  const int got = peer_->wait_exit(where);
  const testing::ScopedTrace trace(where.file, where.line, "finish");
  EXPECT_EQ(got, status);
  if (!program()) return;
  json_ = nlohmann::json::parse(child_->out(), nullptr, false);
  if (json_.is_discarded()) throw Failure("what the program wrote is not JSON");
  EXPECT_EQ(json_.value("exit_status", -1), status);
}

void PeerTest::finish_closed(std::uint64_t end, Where where) {
  peer_->close(end, where);
  finish(0, where);
  if (!program()) return;
  const testing::ScopedTrace trace(where.file, where.line, "finish_closed");
  EXPECT_EQ(close_reason(), "fin");
  EXPECT_EQ(count("bytes"), static_cast<std::int64_t>(end));
}

void PeerTest::expect_count(const char* name, std::int64_t value, Where where) const {
  const testing::ScopedTrace trace(where.file, where.line, name);
  if (!program()) return;
  EXPECT_EQ(count(name), value);
}

} // namespace xtg::peer::test
