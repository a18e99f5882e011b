// SPDX-License-Identifier: BSD-2-Clause
// Sender over a wire of its own: what it says was sent is what the far end got.
#include "xdp/sender.h"

#include <cerrno>

#include "core/clock.h"
#include "net/ingress_devices.h"
#include "net/interface.h"
#include "net/veth.h"
#include "net/veth_test_bed.h"
#include "packet/encode.h"
#include "program.h"

namespace xtg::test {
namespace {

class SenderTest : public BpfTest {
protected:
  void SetUp() override {
    BpfTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (const std::string missing = missing_privileges("netns"); !missing.empty())
      XTG_SKIP("bpf", missing);
  }

  void make_bed(const net::VethTestBedSpec& spec = {}, unsigned worker_streams = 1) {
    auto bed = net::VethTestBed::create(spec);
    ASSERT_TRUE(bed) << bed.error().message();
    bed_.emplace(std::move(*bed));
    auto devices = net::IngressDevices::create(worker_streams);
    ASSERT_TRUE(devices) << devices.error().message();
    devices_.emplace(std::move(*devices));
    far_before_ = far_counter();
  }

  /// `once`: the anchor's last device is for send_control_frame().
  void load(std::uint64_t total, std::uint32_t size = 64, bool tracing = true, bool once = false,
            bool again = false) {
    packet::FrameSpec spec = plain_spec(packet::Family::V4, size);
    spec.dst_mac = bed_->far().mac;
    spec.src_mac = bed_->near().mac;
    frame_ = packet::build(spec, {}).value();
    xdp::SenderSpec sender;
    sender.ingress_base = static_cast<std::uint32_t>(devices_->base_ifindex());
    sender.to_ifindex = bed_->near().ifindex;
    sender.tables = packet::assemble({packet::encode(frame_)}).value();
    sender.totals = {total};
    sender.control_frames = once;
    sender.resend = again;
    sender.workers = devices_->count() - (once ? 1 : 0);
    auto loaded = bed_->near_ns().run([&]() -> Result<xdp::Sender> {
      if (!tracing && !drop_tracing()) return fail_sys(errno, "capset");
      return xdp::Sender::load(sender);
    });
    ASSERT_TRUE(loaded) << loaded.error().message();
    sender_.emplace(std::move(*loaded));
    const auto attached = devices_->run([&] { return sender_->attach_ingress_devices(); });
    ASSERT_TRUE(attached) << attached.error().message();
  }

  /// One kernel call in the anchor's namespace.
  void send(std::uint32_t runs, std::size_t worker_id = 0) {
    const auto page = packet::render(frame_, 0, static_cast<std::uint8_t>(worker_id), 0);
    const auto end = devices_->run([&] { return sender_->run(worker_id, page, runs, 64, 0); });
    ASSERT_TRUE(end) << end.error().message();
    ASSERT_EQ(*end, xdp::RunEnd::Complete);
  }

  /// Frames that came to the far end since the wire was made.
  std::uint64_t far_packets() { return far_counter() - far_before_; }
  std::uint64_t far_counter() {
    const auto counters =
        bed_->far_ns().run([&] { return net::link_counters(bed_->far().ifindex); });
    EXPECT_TRUE(counters) << counters.error().message();
    return counters ? counters->rx_packets : 0;
  }

  std::optional<net::VethTestBed> bed_;
  std::optional<net::IngressDevices> devices_;
  std::optional<xdp::Sender> sender_;
  packet::Frame frame_;
  std::uint64_t far_before_ = 0;
};

TEST_F(SenderTest, WhatItCountsArrived) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(1'000));
  EXPECT_EQ(sender_->count_source_note(), "");
  EXPECT_EQ(sender_->unclaimed(), 1'000U);
  ASSERT_NO_FATAL_FAILURE(send(640));
  EXPECT_EQ(sender_->unclaimed(), 360U);
  EXPECT_FALSE(sender_->done(0));
  ASSERT_NO_FATAL_FAILURE(send(640));
  EXPECT_TRUE(sender_->done(0));

  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.source, stats::CountSource::Tracepoint);
  EXPECT_EQ(now.total, (stats::TxCounters{.attempts = 1'000, .accepted = 1'000}));
  EXPECT_TRUE(now.errnos.empty());
  EXPECT_EQ(far_packets(), 1'000U);
}

TEST_F(SenderTest, WorkersAreCountedEachByItself) {
  ASSERT_NO_FATAL_FAILURE(make_bed({}, 3));
  ASSERT_NO_FATAL_FAILURE(load(1'000));
  ASSERT_NO_FATAL_FAILURE(send(128, 2));
  ASSERT_NO_FATAL_FAILURE(send(64, 0));
  const stats::Snapshot now = sender_->snapshot(true);
  ASSERT_EQ(now.workers.size(), 3U);
  EXPECT_EQ(now.workers[0], (stats::TxCounters{.attempts = 64, .accepted = 64}));
  EXPECT_EQ(now.workers[1], stats::TxCounters{});
  EXPECT_EQ(now.workers[2], (stats::TxCounters{.attempts = 128, .accepted = 128}));
  EXPECT_EQ(now.total.accepted, 192U);
  EXPECT_EQ(far_packets(), 192U);
}

TEST_F(SenderTest, SendsWithoutTracepointsAndSaysSo) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(1'000, 64, false));
  EXPECT_TRUE(sender_->count_source_note().starts_with(
      "tracepoints, which need CAP_PERFMON, are refused: "));
  ASSERT_NO_FATAL_FAILURE(send(1'024));
  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.source, stats::CountSource::Link);
  EXPECT_EQ(now.total.attempts, 1'000U);
  EXPECT_EQ(far_packets(), 1'000U);
}

TEST_F(SenderTest, TwoOnOneInterfaceCountTheirOwn) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(1'000));
  const net::IngressDevices first_devices = std::move(*devices_);
  std::optional<xdp::Sender> first = std::move(sender_);
  auto devices = net::IngressDevices::create(1);
  ASSERT_TRUE(devices) << devices.error().message();
  devices_.emplace(std::move(*devices));
  ASSERT_NO_FATAL_FAILURE(load(64));
  ASSERT_NO_FATAL_FAILURE(send(64));
  EXPECT_EQ(sender_->snapshot(true).total.accepted, 64U);
  EXPECT_EQ(first->snapshot(true).total, stats::TxCounters{});
}

TEST_F(SenderTest, ARefusalByTheRedirectKeepsItsErrno) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(100));
  net::LinkChange down;
  down.up = false;
  const auto changed =
      bed_->near_ns().run([&] { return net::change_link(bed_->near().name, down); });
  ASSERT_TRUE(changed) << changed.error().message();
  ASSERT_NO_FATAL_FAILURE(send(128));
  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.total, (stats::TxCounters{.attempts = 100, .redirect_errors = 100}));
  EXPECT_EQ(now.errnos, (std::map<int, std::uint64_t>{{ENETDOWN, 100}}));
}

TEST_F(SenderTest, AFrameAboveTheMtuKeepsItsErrno) {
  ASSERT_NO_FATAL_FAILURE(make_bed({.mtu = 1'500}));
  ASSERT_NO_FATAL_FAILURE(load(100, 1'523)); // 1500 + Ethernet + VLAN tag + FCS, and one more
  ASSERT_NO_FATAL_FAILURE(send(128));
  EXPECT_EQ(sender_->snapshot(true).errnos, (std::map<int, std::uint64_t>{{EMSGSIZE, 100}}));

  ASSERT_NO_FATAL_FAILURE(load(100, 1'522));
  ASSERT_NO_FATAL_FAILURE(send(128));
  EXPECT_EQ(sender_->snapshot(true).total.accepted, 100U);
}

/// A veth drops what is above its peer's MTU, and gives no errno.
TEST_F(SenderTest, ARejectionByTheDriverIsADriverDrop) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(100, 1'500));
  net::LinkChange smaller;
  smaller.mtu = 1'300;
  const auto changed =
      bed_->far_ns().run([&] { return net::change_link(bed_->far().name, smaller); });
  ASSERT_TRUE(changed) << changed.error().message();
  ASSERT_NO_FATAL_FAILURE(send(128));
  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.total, (stats::TxCounters{.attempts = 100, .driver_drops = 100}));
  EXPECT_TRUE(now.errnos.empty());
}

/// As long as all is refused, tries are few and nothing new is begun; afterwards all of it goes.
TEST_F(SenderTest, ARefusalHoldsUpWhatFollows) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(100, 1'500, true, false, true));
  net::LinkChange change;
  change.mtu = 1'300;
  const auto set_mtu = [&] {
    return bed_->far_ns().run([&] { return net::change_link(bed_->far().name, change); });
  };
  ASSERT_TRUE(set_mtu());
  ASSERT_NO_FATAL_FAILURE(send(64));
  EXPECT_EQ(sender_->snapshot(true).total, (stats::TxCounters{.attempts = 17, .driver_drops = 17}))
      << "a bulk, and the frame that pushed it out";
  EXPECT_TRUE(sender_->pending(0));
  EXPECT_EQ(sender_->unclaimed(), 36U);
  change.mtu = 1'500;
  ASSERT_TRUE(set_mtu());
  while (sender_->next_ns(0) > monotonic_ns()) {
  }
  ASSERT_NO_FATAL_FAILURE(send(256));
  EXPECT_EQ(
      sender_->snapshot(true).total,
      (stats::TxCounters{.attempts = 117, .accepted = 100, .driver_drops = 17, .resent = 17}));
  EXPECT_EQ(far_packets(), 100U);
}

/// What was begun has a grace beyond the end; nothing new is begun in it.
TEST_F(SenderTest, StopEndsTheTries) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(1'000, 1'500, true, false, true));
  net::LinkChange smaller;
  smaller.mtu = 1'300;
  ASSERT_TRUE(bed_->far_ns().run([&] { return net::change_link(bed_->far().name, smaller); }));
  ASSERT_NO_FATAL_FAILURE(send(64));
  sender_->stop();
  const std::uint64_t stopped_ns = monotonic_ns();
  while (monotonic_ns() < stopped_ns + XTG_GRACE_NS) {
  }
  ASSERT_NO_FATAL_FAILURE(send(64));
  EXPECT_TRUE(sender_->done(0));
  EXPECT_EQ(sender_->unclaimed(), 1'000U - 64);
}

TEST_F(SenderTest, FramesForARemovedInterfaceAreCounted) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(100));
  const auto removed = bed_->near_ns().run([&] { return net::remove_link(bed_->near().name); });
  ASSERT_TRUE(removed) << removed.error().message();
  ASSERT_NO_FATAL_FAILURE(send(128));
  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.total, (stats::TxCounters{.attempts = 100, .redirect_errors = 100}));
  EXPECT_EQ(now.errnos, (std::map<int, std::uint64_t>{{ENODEV, 100}}));
  // While it runs nobody knows yet what the tracepoints will still see.
  EXPECT_EQ(sender_->snapshot(false).total, (stats::TxCounters{.attempts = 100}));
}

TEST_F(SenderTest, StopHolds) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(1'000));
  ASSERT_NO_FATAL_FAILURE(send(64));
  sender_->stop();
  ASSERT_NO_FATAL_FAILURE(send(640));
  EXPECT_TRUE(sender_->done(0));
  EXPECT_EQ(sender_->snapshot(true).total.accepted, 64U);
}

TEST_F(SenderTest, WhatIsSentOnceIsNobodys) {
  for (const unsigned worker_streams : {1U, XTG_MAX_WORKERS + 0U}) {
    ASSERT_NO_FATAL_FAILURE(make_bed({}, worker_streams + 1));
    ASSERT_NO_FATAL_FAILURE(load(1'000, 64, true, true));
    const auto frame = packet::render(frame_, 7, 0, 0);
    for (int i = 0; i < 3; i++) {
      const Status sent = devices_->run([&] { return sender_->send_control_frame(frame); });
      EXPECT_TRUE(sent) << sent.error().message();
    }
    EXPECT_EQ(far_packets(), 3U);
    EXPECT_EQ(sender_->snapshot(true).total, stats::TxCounters{});
    ASSERT_NO_FATAL_FAILURE(send(64, worker_streams - 1));
    const stats::Snapshot now = sender_->snapshot(true);
    EXPECT_EQ(now.total.accepted, 64U);
    EXPECT_EQ(now.workers[worker_streams - 1].accepted, 64U);
    EXPECT_EQ(far_packets(), 67U);
  }
}

TEST_F(SenderTest, ThatItIsRefusedIsAnErrorAndNobodys) {
  ASSERT_NO_FATAL_FAILURE(make_bed({}, 2));
  ASSERT_NO_FATAL_FAILURE(load(1'000, 1'500, true, true));
  const auto frame = packet::render(frame_, 0, 0, 0);
  net::LinkChange change;
  change.mtu = 1'300;
  const auto smaller =
      bed_->far_ns().run([&] { return net::change_link(bed_->far().name, change); });
  ASSERT_TRUE(smaller) << smaller.error().message();
  const Status dropped = devices_->run([&] { return sender_->send_control_frame(frame); });
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().message(), "the driver did not take it");
  net::LinkChange down;
  down.up = false;
  const auto changed =
      bed_->near_ns().run([&] { return net::change_link(bed_->near().name, down); });
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_FALSE(devices_->run([&] { return sender_->send_control_frame(frame); }));
  const stats::Snapshot now = sender_->snapshot(true);
  EXPECT_EQ(now.total, stats::TxCounters{});
  EXPECT_TRUE(now.errnos.empty());
}

TEST_F(SenderTest, AFrameThatTheKernelRefusesIsAnError) {
  ASSERT_NO_FATAL_FAILURE(make_bed());
  ASSERT_NO_FATAL_FAILURE(load(100));
  const std::vector<std::uint8_t> page(XTG_FRAME_MAX + 1);
  const auto end = devices_->run([&] { return sender_->run(0, page, 64, 64, 0); });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().sys, EINVAL);
}

} // namespace
} // namespace xtg::test
