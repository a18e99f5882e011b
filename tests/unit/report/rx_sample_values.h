// SPDX-License-Identifier: BSD-2-Clause
// Hand-made values of an `rx` run, shared by the reporters' tests and the schema check's samples.
#pragma once

#include "plan/rx_plan.h"
#include "report/sink.h"
#include "stats/rx.h"
#include "unit/report/sample_values.h"

namespace xtg::report::sample {

/// One session and port, taken, for 2.5 s.
inline plan::RxPlan rx_plan() {
  plan::RxPlan plan;
  plan.iface = sample::plan().iface;
  plan.notes = {"no other program on eth1"};
  plan.spec.interface = "eth1";
  plan.spec.run_id = 0xc0ffee;
  plan.spec.port = 1000;
  plan.spec.duration = Nanoseconds{2'500'000'000};
  plan.spec.expect = {{plan::Expected::Loss, plan::Relation::Less, 0.00001, "loss<0.001%"},
                      {plan::Expected::P99, plan::Relation::Less, 150'000, "p99<150us"}};
  return plan;
}

/// Whatever comes, passed on, until a number of packets has come.
inline plan::RxPlan rx_observe_plan() {
  plan::RxPlan plan = rx_plan();
  plan.iface.driver.clear();
  plan.notes.clear();
  plan.spec = plan::RxSpec{};
  plan.spec.mode = plan::RxMode::Generic;
  plan.spec.observe = true;
  plan.spec.num_packets = 1;
  return plan;
}

/// 989 delays of 48.0 us, ten of 130.5 us, one of 2 ms.
inline stats::RxDelay rx_delay() {
  stats::RxDelay delay;
  delay.histogram.add(48'000, 989);
  delay.histogram.add(130'500, 10);
  delay.histogram.add(2'000'000);
  delay.count = 1'000;
  delay.min = 47'250;
  delay.max = 2'000'123;
  delay.mean = 50'777.5;
  return delay;
}

/// 1,000 delays of 1,010 packets, 7 of them copies of 5 and 1 too late, 10 below zero, 12 lost.
inline stats::RxStream rx_stream() {
  stats::RxStream s;
  s.name = {0xc0ffee, 3, false};
  s.counters = {.packets = 1'010,
                .bytes = 60'600,
                .unique = 1'002,
                .duplicates = 7,
                .too_late = 1,
                .reordered = 5,
                .lost = 12,
                .negative = 10,
                .replicated = 5};
  s.first_number = 6;
  s.next_number = 1'020;
  s.first_ns = 1'000'000'000;
  s.last_ns = 2'500'000'000;
  s.size_min = s.size_max = 60;
  s.units = 1;
  s.shares = {{3, 1'010, 60'600}};
  s.delay = rx_delay();
  s.negative_min = -3'200;
  s.jitter_ns = 1'312.5;
  s.ipdv_mean_ns = 512.5;
  s.ipdv_max_ns = 1'952'000;
  s.arrival.add(1'000, 1'000);
  s.arrival.add(30'000, 9);
  s.extents = 4;
  s.extent_mean = 2.5;
  s.extent_max = 7;
  s.late_max_ns = 12'345;
  s.bursts_known = true;
  s.bursts = 3;
  s.longest_burst = 9;
  s.burst_class[0] = 1;
  s.burst_class[1] = 1;
  s.burst_class[3] = 1;
  s.outage_ns = 250'000;
  return s;
}

/// Of a short signature, from a host with another clock, over two queues.
inline stats::RxStream rx_foreign_stream() {
  stats::RxStream s;
  s.name = {0xbeef, 200, true};
  s.counters = {.packets = 20, .bytes = 30'280, .unique = 20};
  s.next_number = 20;
  s.first_ns = 1'000'000'000;
  s.last_ns = 1'250'000'000;
  s.size_min = s.size_max = 1'514;
  s.units = 2;
  s.clock = {stats::RxClock::Differs, stats::RxClockReason::Contradicted, std::nullopt};
  s.jitter_ns = 250;
  s.ipdv_mean_ns = 200;
  s.ipdv_max_ns = 400;
  s.arrival.add(1'000, 18);
  return s;
}

/// The same stream, sent back by a reflector that told how long it kept the frames and numbered
/// them: 8 of the 12 were lost before it.
inline stats::RxStream rx_reflected_stream() {
  stats::RxStream s = rx_stream();
  s.name.path = stats::RxPath::RoundTrip;
  stats::RxRoundTripPaths paths;
  paths.reflected = 1'011;
  paths.forward_lost = 8;
  paths.forward_duplicates = 2;
  paths.back = {.packets = 1'010,
                .bytes = 60'600,
                .unique = 1'004,
                .duplicates = 5,
                .too_late = 1,
                .reordered = 3,
                .lost = 7,
                .replicated = 4};
  paths.back_delay = rx_delay();
  s.round_trip = stats::RxRoundTrip{.stamped = 1'010,
                                    .residence_min = 800,
                                    .residence_max = 20'250,
                                    .residence_mean = 1'100,
                                    .paths = paths};
  return s;
}

inline stats::RxSample rx_interval() {
  stats::RxSample s;
  s.start_s = 0;
  s.end_s = 1;
  s.sum = rx_stream().counters;
  s.missing = s.sum.lost;
  s.pps = 1'010;
  s.l1_bps = 1'010 * 84 * 8.0;
  s.l2_bps = 1'010 * 64 * 8.0;
  s.delay = rx_delay();
  s.jitter_ns = 1'312.5;
  s.passed = 33;
  s.streams = {rx_stream()};
  return s;
}

inline stats::RxSummary rx_summary() {
  stats::RxSummary summary;
  summary.total = rx_interval();
  summary.total.streams.clear();
  summary.total.end_s = 2;
  summary.total.pps = 505;
  summary.total.l1_bps /= 2;
  summary.total.l2_bps /= 2;
  summary.end = stats::EndReason::Duration;
  summary.streams = {rx_stream()};
  summary.all = rx_stream();
  summary.queues = {{0, 1'000, 60'000, 32}, {3, 10, 600, 1}};
  summary.cpus = {{2, 1'010, 60'600, 33}};
  summary.uncounted = {.filtered = 1,
                       .no_slot = 2,
                       .unknown = 3,
                       .candidates = 4,
                       .link_dropped = 5,
                       .link_missed = 6,
                       .link_errors = 7};
  summary.cpu_s = 1.5;
  return summary;
}

/// Two streams, of which one tells neither delay nor bursts.
inline stats::RxSummary rx_two_streams() {
  stats::RxSummary summary = rx_summary();
  summary.streams = {rx_foreign_stream(), rx_stream()};
  summary.total.sum += rx_foreign_stream().counters;
  summary.all.counters = summary.total.sum;
  summary.all.units = 3;
  summary.all.size_max = 1'514;
  summary.all.bursts_known = false;
  summary.all.burst_class = {};
  summary.all.bursts = summary.all.longest_burst = summary.all.outage_ns = 0;
  summary.uncounted = {};
  return summary;
}

/// rx_summary(), of which its sender said that it sent 1,200 frames, of which its driver refused
/// 100.
inline stats::RxSummary rx_announced() {
  stats::RxSummary summary = rx_summary();
  stats::RxAnnouncement about;
  about.run_id = 0xc0ffee;
  about.tai = true;
  about.frames = 1'200;
  about.duration_ns = ~std::uint64_t{0};
  about.rate_millipps = 500'500;
  about.clock_error_ns = 1'500;
  about.frame_size = 64;
  about.streams = 1;
  about.threads = 2;
  stats::RxAnnouncement end = about;
  end.end = true;
  end.driver_drops = 100;
  summary.senders = {{0xc0ffee, true, false, about, {{3, end}}}};
  stats::RxStream& stream = summary.streams[0];
  stream.sent = summary.all.sent = 1'100;
  stream.counters.lost = summary.all.counters.lost = summary.total.sum.lost = 98;
  stream.clock = summary.all.clock = {stats::RxClock::Tai, stats::RxClockReason::None, 4'000};
  summary.end = stats::EndReason::Announced;
  return summary;
}

/// All of it came back from a reflector: a stream of which everything is known, one whose
/// reflector's clock is another, and one with short signatures.
inline stats::RxSummary rx_reflected() {
  stats::RxSummary summary = rx_summary();
  stats::RxStream far = rx_reflected_stream(), brief = rx_stream();
  far.name.stream = 4;
  far.round_trip->stamped = 1'000;
  far.round_trip->paths->back_clock = stats::RxClock::Differs;
  far.round_trip->paths->back_delay = {};
  brief.name = {0xffee, 5, true, stats::RxPath::RoundTrip};
  brief.round_trip.emplace();
  summary.streams = {rx_reflected_stream(), far, brief};
  summary.total.path = stats::RxPath::RoundTrip;
  return summary;
}

/// Some frames are written to a file, and all of them verified.
inline plan::RxPlan rx_sampled_plan() {
  plan::RxPlan plan = rx_observe_plan();
  plan.spec.verify = true;
  plan.spec.pcap_path = "late.pcapng";
  plan.spec.sample = {.every = 1'000, .late = true, .corrupt = true};
  return plan;
}

inline stats::RxSummary rx_sampled() {
  stats::RxSummary summary = rx_summary();
  summary.verified = {.corrupt = 1'003, .unverified = 2};
  summary.samples = {
      .file = "late.pcapng", .written = 1'009, .lost = 4, .cut = 1, .why = {2, 0, 5, 0, 0, 1'003}};
  return summary;
}

/// Test frames, and others that one of two filters counts.
inline plan::RxPlan rx_match_plan() {
  plan::RxPlan plan = rx_observe_plan();
  plan.spec.observe = false;
  plan.spec.match = {*packet::Filter::parse("udp dst port 10000"), *packet::Filter::parse("arp")};
  return plan;
}

inline stats::RxStream rx_matched_stream() {
  stats::RxStream s;
  s.name = {.stream = 0, .match = true};
  s.filter = "udp dst port 10000";
  s.counters = {.packets = 1'234, .bytes = 123'400, .matched = 1'234};
  s.first_ns = 1'000'000'000;
  s.last_ns = 1'500'000'000;
  s.size_min = 60;
  s.size_max = 1'514;
  s.units = 1;
  s.arrival.add(1'000, 1'233);
  return s;
}

inline stats::RxStream rx_silent_stream() {
  stats::RxStream s;
  s.name = {.stream = 1, .match = true};
  s.filter = "arp";
  return s;
}

inline stats::RxSummary rx_mixed() {
  stats::RxSummary summary = rx_summary();
  summary.streams = {rx_stream(), rx_matched_stream(), rx_silent_stream()};
  summary.total.sum += rx_matched_stream().counters;
  summary.all.counters = summary.total.sum;
  summary.all.size_max = 1'514;
  summary.uncounted = {};
  return summary;
}

/// Nothing but frames without a signature.
inline stats::RxSummary rx_matched_only() {
  stats::RxSummary summary = rx_mixed();
  summary.streams = {rx_matched_stream(), rx_silent_stream()};
  summary.total.sum = rx_matched_stream().counters;
  summary.total.delay = {};
  summary.total.jitter_ns = 0;
  summary.all = rx_matched_stream();
  return summary;
}

/// A run in which nothing came.
inline stats::RxSummary rx_nothing() {
  stats::RxSummary summary;
  summary.total.end_s = 2;
  summary.total.passed = 1'234;
  summary.end = stats::EndReason::Interrupted;
  summary.queues = {{0, 0, 0, 1'234}};
  return summary;
}

} // namespace xtg::report::sample
