// SPDX-License-Identifier: BSD-2-Clause
// Hand-made values of a `reflect` run, shared by the reporters' tests and the schema check's
// samples.
#pragma once

#include "plan/reflect_plan.h"
#include "report/sink.h"
#include "unit/report/sample_values.h"

namespace xtg::report::sample {

/// One session and port, two sources, at most 2 Mpps, by redirect, for 2.5 s.
inline plan::ReflectPlan reflect_plan() {
  plan::ReflectPlan plan;
  plan.iface = sample::plan().iface;
  plan.notes = {"GRO of eth2 was switched on for the run"};
  plan.redirect = true;
  plan.spec.interface = "eth1";
  plan.spec.run_id = 0xc0ffee;
  plan.spec.port = 1000;
  plan.spec.max_rate = {Rate::Unit::Pps, 2e6};
  plan.spec.duration = Nanoseconds{2'500'000'000};
  plan.spec.allow = {*packet::IpPrefix::parse("198.18.0.0/24"),
                     *packet::IpPrefix::parse("2001:db8::1")};
  plan.sources = plan.spec.allow;
  return plan;
}

/// Whatever comes, until a number of frames went back.
inline plan::ReflectPlan reflect_any_plan() {
  plan::ReflectPlan plan = reflect_plan();
  plan.iface.driver.clear();
  plan.notes.clear();
  plan.sources.clear();
  plan.redirect = false;
  plan.spec = plan::ReflectSpec{};
  plan.spec.mode = plan::RxMode::Generic;
  plan.spec.allow_any = plan.spec.any_mac = true;
  plan.spec.num_packets = 1;
  return plan;
}

/// 1,010 frames of 64 bytes handed to the driver, which refused ten.
inline stats::ReflectSample reflect_interval() {
  stats::ReflectSample s;
  s.end_s = 1;
  s.sum.sent = 1'010;
  s.sum.bytes = 60'600;
  s.sum.stamped = 900;
  s.sum.dropped = 10;
  s.sum.passed = 33;
  s.sum.not_reflected[XTG_REFLECT_SOURCE] = 5;
  s.sum.not_reflected[XTG_REFLECT_RATE] = 4'000;
  s.pps = 1'000;
  s.l1_bps = 1'000 * 84 * 8.0;
  s.l2_bps = 1'000 * 64 * 8.0;
  return s;
}

inline stats::ReflectSummary reflect_summary() {
  stats::ReflectSummary summary;
  summary.total = reflect_interval();
  summary.total.end_s = 2;
  summary.total.pps = 500;
  summary.total.l1_bps /= 2;
  summary.total.l2_bps /= 2;
  summary.total.sum.unnumbered = 6;
  for (unsigned i = 0; i < XTG_REFLECT_REASONS; i++)
    summary.total.sum.not_reflected[i] = i + 1;
  summary.end = stats::EndReason::Duration;
  summary.streams = {{{0xc0ffee, 3, false}, 1'000, 1}, {{0xbeef, 200, true}, 4, 0}};
  summary.errnos = {{28, 10}};
  summary.cpus = {{0, 1'000, 32}, {3, 10, 1}};
  summary.link = {.rx_dropped = 1, .rx_missed = 2, .rx_errors = 3, .tx_dropped = 4, .tx_errors = 5};
  summary.cpu_s = 1.5;
  return summary;
}

/// A run in which nothing came.
inline stats::ReflectSummary reflect_nothing() {
  stats::ReflectSummary summary;
  summary.total.end_s = 2;
  summary.total.sum.passed = 1'234;
  return summary;
}

} // namespace xtg::report::sample
