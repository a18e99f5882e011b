// SPDX-License-Identifier: BSD-2-Clause
// measure() twenty times for each kind of run, in a process that handles no signals: the results
// are right each time, and nothing is left. Prints how soon a repeat sends its first frame.
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "app/facts.h"
#include "app/measure.h"
#include "core/clock.h"
#include "core/unique_fd.h"
#include "measure/leftovers.h"
#include "net/veth.h"
#include "net/veth_test_bed.h"
#include "plan/reflect_plan.h"
#include "support/privileges.h"

namespace xtg::app {
namespace {

constexpr int kTimes = 20;
constexpr std::uint64_t kFrames = 500;
constexpr Nanoseconds kBound{10'000'000'000}; // where frames do not come

/// Calls something when the run has begun, and keeps its errors.
class Watcher final : public report::Sink {
public:
  explicit Watcher(std::function<void()> begun = {}) : begun_(std::move(begun)) {}
  std::string errors;
  std::uint64_t begun_ns = 0;

  void take(const report::Event& event) override {
    if (const auto* failure = std::get_if<report::Failure>(&event))
      errors += failure->error.message() + "; ";
    if (!std::holds_alternative<report::Begin>(event)) return;
    begun_ns = monotonic_ns();
    if (begun_) begun_();
  }

private:
  std::function<void()> begun_;
};

/// The run's summary, or a failed test.
template <class T>
std::optional<T> summary_of(const Result<Outcome>& measured, const Watcher& watcher) {
  if (!measured) {
    ADD_FAILURE() << measured.error().message();
    return std::nullopt;
  }
  EXPECT_EQ(measured->exit_status, 0) << watcher.errors;
  const T* end = std::get_if<T>(&measured->end);
  EXPECT_NE(end, nullptr);
  return end != nullptr ? std::optional(*end) : std::nullopt;
}

class RepeatTest : public testing::Test {
protected:
  void SetUp() override {
    XTG_REQUIRE_CAPS("netns");
    // Tests beside this one make namespaces, too; from here on their mounts are not seen. Those
    // that there are go now: the kernel detaches them from here, too, when their names are removed.
    ASSERT_EQ(unshare(CLONE_NEWNS), 0) << std::strerror(errno);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0)
        << std::strerror(errno);
    while (umount2("/run/netns", MNT_DETACH) == 0) {
    }
    auto made = net::VethTestBed::create();
    ASSERT_TRUE(made) << made.error().message();
    bed_.emplace(std::move(*made));
  }

  /// In its namespace; the test's own stays what it was.
  Result<Outcome> measure_near(const auto& spec, Watcher& watcher, const StopToken& stop = {}) {
    return bed_->near_ns().run([&] { return measure_here(spec, watcher, stop); });
  }
  Result<Outcome> measure_far(const auto& spec, Watcher& watcher, const StopToken& stop = {}) {
    return bed_->far_ns().run([&] { return measure_here(spec, watcher, stop); });
  }

  static Result<Outcome> plan_and_measure(auto plan, Watcher& watcher, const StopToken& stop) {
    if (!plan) return tl::unexpected<Error>(plan.error());
    return measure(*plan, watcher, stop);
  }
  static Result<Outcome> measure_here(const plan::RxSpec& spec, Watcher& w, const StopToken& s) {
    return plan_and_measure(plan::resolve_rx(spec, gather_facts(spec.interface)), w, s);
  }
  static Result<Outcome> measure_here(const plan::ReflectSpec& spec, Watcher& w,
                                      const StopToken& s) {
    return plan_and_measure(plan::resolve_reflect(spec, gather_facts(spec.interface)), w, s);
  }
  static Result<Outcome> measure_here(const plan::TcpSpec& spec, Watcher& w, const StopToken& s) {
    return plan_and_measure(plan::resolve_tcp(spec, gather_facts(spec)), w, s);
  }
  static Result<Outcome> measure_here(const plan::TestSpec& test, Watcher& w, const StopToken& s) {
    return plan_and_measure(plan::resolve(test, gather_facts(test, test.ports.front(), true), 7), w,
                            s);
  }

  [[nodiscard]] plan::TestSpec frames_to_far(std::uint64_t count) const {
    plan::StreamSpec stream;
    stream.dst_addr = packet::IpRange{bed_->far().v4, 1};
    stream.dst_mac = packet::MacRange{bed_->far().mac, 1};
    stream.num_packets = count;
    stream.frame_size = 128; // of a full signature
    plan::TestSpec test;
    test.ports.push_back({bed_->near().name, {std::move(stream)}});
    return test;
  }

  /// Sends frames to the far end when it has begun; joined at the end.
  std::function<void()> sending(std::thread& thread) {
    return [this, &thread] {
      thread = std::thread([this] {
        Watcher watcher;
        summary_of<stats::Summary>(measure_near(frames_to_far(kFrames), watcher), watcher);
      });
    };
  }

  /// `once` is a run; its value is the time from the call to the first frame, in milliseconds.
  static void repeat(const char* kind, const std::function<double()>& once) {
    const test::Leftovers before = test::leftovers();
    std::vector<double> ms;
    for (int i = 0; i < kTimes && !HasFailure(); i++)
      ms.push_back(once());
    const test::Leftovers after = test::leftovers();
    EXPECT_EQ(test::joined(after.own), test::joined(before.own));
    EXPECT_EQ(test::joined(test::staying(after.bpf, before.bpf)), "") << "BPF objects";
    std::ranges::sort(ms);
    if (!ms.empty())
      fmt::print("{}: {} runs, from call to first frame: median {:.1f} ms, {:.1f} to {:.1f}\n",
                 kind, ms.size(), ms[ms.size() / 2], ms.front(), ms.back());
  }

  /// From a port to another one, of which both are ours.
  Result<plan::PortTestPlan> plan_to_another_port() {
    const auto made = bed_->near_ns().run([]() -> Status {
      net::VethSpec pair;
      pair.near.name = "xtg2";
      pair.far.name = "xtg3";
      if (auto status = net::create_veth(pair); !status) return status;
      return net::add_address("xtg2", *packet::Ip::parse("198.18.1.1"), 30);
    });
    if (!made) return tl::unexpected<Error>(made.error());
    const auto facts = bed_->near_ns().run(
        []() -> Result<plan::HostFacts> { return gather_facts(std::string("xtg3")); });
    if (!facts) return tl::unexpected<Error>(facts.error());
    plan::TestSpec spec = frames_to_far(kFrames);
    plan::PortSpec& run = spec.ports[0];
    run.interface = "xtg2";
    run.streams[0].dst_addr = packet::IpRange{*packet::Ip::parse("198.18.1.2"), 1};
    run.streams[0].dst_mac = packet::MacRange{facts->iface->mac, 1};
    spec.ports.push_back({"xtg3", {}, true});
    return bed_->near_ns().run([&] {
      return plan::resolve_port_test(spec, {gather_facts(spec, spec.ports[0], true), *facts},
                                     0x700);
    });
  }

  /// Runs it, and checks its ledger.
  double first_frame_ms(const plan::PortTestPlan& plan, KeptPorts* kept) {
    Watcher watcher;
    const auto measured = bed_->near_ns().run([&] { return measure(plan, watcher, {}, {}, kept); });
    const auto end = summary_of<report::PortTestEnd>(measured, watcher);
    if (!end) return 0.0;
    EXPECT_EQ(end->summary.ports[0].ledger->received, kFrames);
    return end->summary.ports[0].tx->first_frame_s * 1e3;
  }

  std::optional<net::VethTestBed> bed_;
};

double since_ms(std::uint64_t then_ns, std::uint64_t now_ns) {
  return static_cast<double>(now_ns - then_ns) / 1e6;
}

TEST_F(RepeatTest, Udp) {
  repeat("udp", [&] {
    Watcher watcher;
    const auto end =
        summary_of<stats::Summary>(measure_near(frames_to_far(kFrames), watcher), watcher);
    if (!end) return 0.0;
    EXPECT_EQ(end->total.tx.accepted, kFrames);
    EXPECT_EQ(end->end, stats::EndReason::Amount);
    return end->first_frame_s * 1e3;
  });
}

TEST_F(RepeatTest, UdpAfterFailures) {
  repeat("udp after failures", [&] {
    Watcher watcher;
    plan::TestSpec wrong = frames_to_far(kFrames);
    wrong.ports[0].interface = "no-such-one";
    EXPECT_FALSE(measure_near(wrong, watcher)) << "no plan";
    plan::TestSpec large = frames_to_far(kFrames);
    large.ports[0].streams[0].frame_size = 4'000; // more than the interface takes
    EXPECT_FALSE(measure_near(large, watcher));
    const StopToken stop;
    StopToken front = stop;
    front.trip(monotonic_ns()); // before anything is sent
    const auto none = measure_near(frames_to_far(kFrames), watcher, stop);
    EXPECT_TRUE(none) << none.error().message();
    watcher.errors.clear();
    const auto end =
        summary_of<stats::Summary>(measure_near(frames_to_far(kFrames), watcher), watcher);
    return end ? end->first_frame_s * 1e3 : 0.0;
  });
}

TEST_F(RepeatTest, Rx) {
  plan::RxSpec spec;
  spec.interface = bed_->far().name;
  spec.num_packets = kFrames;
  spec.duration = kBound;
  repeat("rx", [&] {
    std::thread sender;
    Watcher watcher(sending(sender));
    const std::uint64_t called = monotonic_ns();
    const auto end = summary_of<report::RxEnd>(measure_far(spec, watcher), watcher);
    if (sender.joinable()) sender.join();
    if (!end) return 0.0;
    EXPECT_EQ(end->summary.total.sum.packets, kFrames);
    EXPECT_EQ(end->summary.total.sum.lost, 0);
    return since_ms(called, watcher.begun_ns);
  });
}

TEST_F(RepeatTest, Reflect) {
  plan::ReflectSpec spec;
  spec.interface = bed_->far().name;
  spec.num_packets = kFrames;
  spec.duration = kBound;
  spec.fix = true;
  repeat("reflect", [&] {
    std::thread sender;
    Watcher watcher(sending(sender));
    const std::uint64_t called = monotonic_ns();
    const auto end = summary_of<stats::ReflectSummary>(measure_far(spec, watcher), watcher);
    if (sender.joinable()) sender.join();
    if (!end) return 0.0;
    EXPECT_EQ(end->total.sum.sent, kFrames);
    return since_ms(called, watcher.begun_ns);
  });
}

TEST_F(RepeatTest, PortTest) {
  const auto plan = plan_to_another_port();
  ASSERT_TRUE(plan) << plan.error().message();
  repeat("udp --rx", [&] { return first_frame_ms(*plan, nullptr); });
}

/// A search's trials: each finds the attachments of the one before, and takes their place.
TEST_F(RepeatTest, PortTestsThatKeepTheirAttachments) {
  const auto plan = plan_to_another_port();
  ASSERT_TRUE(plan) << plan.error().message();
  std::optional<KeptPorts> kept(std::in_place);
  std::set<std::string> first;
  repeat("udp --rx in a series", [&, times = 0]() mutable {
    const double ms = first_frame_ms(*plan, &*kept);
    const auto now = test::own_links();
    if (first.empty()) first = now;
    EXPECT_NE(test::joined(first), "");
    EXPECT_EQ(test::joined(now), test::joined(first));
    if (++times == kTimes) kept.reset();
    return ms;
  });
}

/// Takes one connection after the other and reads it to its end.
class Listener {
public:
  explicit Listener(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = __builtin_bswap16(port);
    const int one = 1;
    setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bound_ = bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
             listen(socket_.get(), 16) == 0;
  }
  [[nodiscard]] bool bound() const { return bound_; }
  std::uint64_t read_one() {
    const UniqueFd peer(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::vector<char> buffer(65'536);
    std::uint64_t bytes = 0;
    for (ssize_t n; (n = read(peer.get(), buffer.data(), buffer.size())) > 0;)
      bytes += static_cast<std::uint64_t>(n);
    return bytes;
  }

private:
  UniqueFd socket_;
  bool bound_ = false;
};

TEST_F(RepeatTest, Tcp) {
  std::optional<Listener> listener;
  const auto listening = bed_->far_ns().run([&]() -> Status {
    listener.emplace(10'000);
    return listener->bound() ? Status{} : Status(fail(Errc::System, "listen"));
  });
  ASSERT_TRUE(listening) << listening.error().message();
  plan::TcpSpec spec;
  spec.host = bed_->far().v4.to_string();
  spec.bytes = 1'000'000;
  repeat("tcp", [&] {
    std::uint64_t bytes = 0;
    std::thread reader([&] { bytes = listener->read_one(); });
    Watcher watcher;
    const auto end = summary_of<stats::TcpSummary>(measure_near(spec, watcher), watcher);
    if (!end) { // wakes who waits for a connection
      reader.detach();
      return 0.0;
    }
    reader.join();
    EXPECT_EQ(bytes, *spec.bytes);
    EXPECT_EQ(end->total.sum.bytes_acked, *spec.bytes);
    return end->first_data_s * 1e3;
  });
}

} // namespace
} // namespace xtg::app
