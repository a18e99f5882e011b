// SPDX-License-Identifier: BSD-2-Clause
// Several streams of one run over a wire, sent by threads as in earnest: each keeps its schedule
// and its amount, and what is counted of it is what arrived.
#include <thread>

#include "app/live_worker.h"
#include "core/clock.h"
#include "net/ingress_devices.h"
#include "net/interface.h"
#include "net/veth.h"
#include "net/veth_test_bed.h"
#include "packet/assemble.h"
#include "plan/pacing.h"
#include "program.h"
#include "tx/worker_pool.h"
#include "xdp/sender.h"
#include "xtg/abi/slots.h"

namespace xtg::test {
namespace {

constexpr std::uint64_t kEndless = ~std::uint64_t{0};

class SideBySideTest : public BpfTest {
protected:
  void SetUp() override {
    BpfTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (const std::string missing = missing_privileges("netns"); !missing.empty())
      XTG_SKIP("bpf", missing);
    auto bed = net::VethTestBed::create({});
    ASSERT_TRUE(bed) << bed.error().message();
    bed_.emplace(std::move(*bed));
    far_before_ = far_counter();
  }

  /// pps 0: as fast as it goes.
  void add(double pps, std::uint32_t size, std::uint64_t total = kEndless) {
    packet::FrameSpec spec = plain_spec(packet::Family::V4, size);
    spec.dst_mac = bed_->far().mac;
    spec.src_mac = bed_->near().mac;
    spec.payload = packet::Payload::Zeros;
    spec.stream = static_cast<std::uint16_t>(streams_.size());
    plan::StreamPlan stream;
    stream.frame = packet::build(spec, {}).value();
    stream.id = spec.stream;
    if (pps != 0) stream.rate.rate = {Rate::Unit::Pps, pps};
    stream.pacing = plan::make_pacing(stream, workers_, plan::Pace::Auto).value();
    streams_.push_back(std::move(stream));
    totals_.push_back(total);
  }

  void load(bool again = true) {
    auto devices = net::IngressDevices::create(workers_);
    ASSERT_TRUE(devices) << devices.error().message();
    devices_.emplace(std::move(*devices));
    std::vector<packet::EncodedStream> encoded;
    for (const plan::StreamPlan& stream : streams_)
      encoded.push_back(plan::encode(stream));
    xdp::SenderSpec spec;
    spec.ingress_base = static_cast<std::uint32_t>(devices_->base_ifindex());
    spec.to_ifindex = bed_->near().ifindex;
    spec.tables = packet::assemble(std::move(encoded)).value();
    spec.totals = totals_;
    spec.workers = workers_;
    spec.resend = again;
    auto loaded = bed_->near_ns().run([&] { return xdp::Sender::load(spec); });
    ASSERT_TRUE(loaded) << loaded.error().message();
    sender_.emplace(std::move(*loaded));
    const auto attached = devices_->run([&] { return sender_->attach_ingress_devices(); });
    ASSERT_TRUE(attached) << attached.error().message();
  }

  /// Sends until all is sent or so much time is over.
  void send(std::uint64_t duration_ns) {
    std::vector<tx::PooledWorker> workers;
    for (unsigned worker = 0; worker < workers_; worker++) {
      tx::PooledWorker pooled;
      pooled.spec.batch = plan::flood_batch(streams_);
      pooled.spec.sleep = plan::may_sleep(streams_);
      pooled.spec.flood = false;
      for (const plan::StreamPlan& stream : streams_) {
        if (stream.pacing)
          pooled.spec.paced.push_back({.number = stream.id,
                                       .slot_frames = stream.pacing->frames_per_slot,
                                       .batch_slots = stream.pacing->slots_per_batch});
        else
          pooled.spec.flood = true;
      }
      pooled.worker = std::make_unique<app::LiveWorker>(*sender_, *devices_, worker, nomem_);
      workers.push_back(std::move(pooled));
    }
    tx::WorkerPool pool(std::move(workers), [] {});
    ASSERT_TRUE(pool.wait_ready());
    start_ns_ = monotonic_ns() + 2'000'000;
    end_ns_ = start_ns_ + duration_ns;
    sender_->set_end_ns(end_ns_);
    for (const plan::StreamPlan& stream : streams_)
      for (unsigned worker = 0; stream.pacing && worker < workers_; worker++)
        sender_->set_schedule(worker, stream.id, schedule(*stream.pacing, worker));
    pool.go();
    const auto joined = pool.join();
    ASSERT_TRUE(joined) << joined.error().message();
  }

  xdp::Schedule schedule(const plan::Pacing& pacing, unsigned worker) const {
    const plan::Phase phase = plan::phase_of(pacing, worker, workers_);
    return {.first_ns = start_ns_ + phase.ns,
            .first_frac = phase.frac,
            .interval_ns = pacing.interval_ns,
            .interval_frac = pacing.interval_frac,
            .slot_frames = pacing.frames_per_slot,
            .batch_slots = pacing.slots_per_batch,
            .catch_up_ns = plan::kCatchUpNs};
  }

  std::uint64_t far_packets() { return far_counter() - far_before_; }
  std::uint64_t far_counter() {
    const auto counters =
        bed_->far_ns().run([&] { return net::link_counters(bed_->far().ifindex); });
    EXPECT_TRUE(counters) << counters.error().message();
    return counters ? counters->rx_packets : 0;
  }
  /// What the far end still has in its queues arrives without being waited for.
  void expect_arrived(std::uint64_t frames) {
    for (int i = 0; i < 100 && far_packets() != frames; i++)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(far_packets(), frames);
  }

  unsigned workers_ = 1;
  std::optional<net::VethTestBed> bed_;
  std::optional<net::IngressDevices> devices_;
  std::optional<xdp::Sender> sender_;
  std::vector<plan::StreamPlan> streams_;
  std::vector<std::uint64_t> totals_;
  std::atomic<std::uint64_t> nomem_{0};
  std::uint64_t far_before_ = 0;
  std::uint64_t start_ns_ = 0;
  std::uint64_t end_ns_ = 0;
};

/// Three rates beside a flood: of each, every slot that the run has is sent or counted as missed.
TEST_F(SideBySideTest, EveryScheduleIsKeptToTheSlot) {
  for (const unsigned workers : {1U, 2U}) {
    SCOPED_TRACE(workers);
    streams_.clear();
    totals_.clear();
    workers_ = workers;
    const std::vector<double> rates = {50, 1'000, 33'000};
    for (const double pps : rates)
      add(pps, 200);
    add(0, 64);
    ASSERT_NO_FATAL_FAILURE(load());
    far_before_ = far_counter();
    ASSERT_NO_FATAL_FAILURE(send(1'000'000'000));
    const stats::Snapshot now = sender_->snapshot(true);
    ASSERT_EQ(now.streams.size(), 4U);
    for (std::size_t i = 0; i < rates.size(); i++) {
      const stats::TxCounters& tx = now.streams[i];
      EXPECT_EQ(tx.offered() + tx.skipped_slots, static_cast<std::uint64_t>(rates[i])) << i;
    }
    EXPECT_GT(now.streams[3].accepted, 0U);
    expect_arrived(now.total.accepted);
  }
}

TEST_F(SideBySideTest, AmountsAreExact) {
  workers_ = 2;
  const std::vector<std::uint64_t> totals = {500, 10'000, 777, 0};
  add(33'000, 200, totals[0]);
  add(0, 64, totals[1]);
  add(0, 1'500, totals[2]);
  add(100, 64, totals[3]);
  ASSERT_NO_FATAL_FAILURE(load());
  ASSERT_NO_FATAL_FAILURE(send(60'000'000'000));
  EXPECT_LT(monotonic_ns(), end_ns_) << "the amounts end it";
  const stats::Snapshot now = sender_->snapshot(true);
  for (std::size_t i = 0; i < totals.size(); i++)
    EXPECT_EQ(now.streams[i].accepted, totals[i]) << i;
  EXPECT_EQ(now.streams[0].attempts + now.streams[1].attempts + now.streams[2].attempts,
            now.total.attempts);
  expect_arrived(11'277);
}

/// What a driver refuses is counted of the stream that it is of. A veth drops what is above its
/// peer's MTU.
TEST_F(SideBySideTest, RefusalsAreTheirStreams) {
  add(0, 64, 1'000);
  add(0, 1'500, 300);
  ASSERT_NO_FATAL_FAILURE(load(false));
  net::LinkChange smaller;
  smaller.mtu = 1'300;
  ASSERT_TRUE(bed_->far_ns().run([&] { return net::change_link(bed_->far().name, smaller); }));
  ASSERT_NO_FATAL_FAILURE(send(60'000'000'000));
  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.streams[1], (stats::TxCounters{.attempts = 300, .driver_drops = 300}));
  EXPECT_EQ(now.streams[0].attempts, 1'000U);
  EXPECT_EQ(now.streams[0].accepted + now.streams[0].driver_drops, 1'000U);
  EXPECT_EQ(now.workers[0].driver_drops, now.total.driver_drops);
}

} // namespace
} // namespace xtg::test
