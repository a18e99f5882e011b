// SPDX-License-Identifier: BSD-2-Clause
// The form for people: a head, one line of fixed columns per interval, a summary.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/notes.h"
#include "report/reporter.h"

namespace xtg::report {
namespace {

std::string_view end_text(stats::EndReason reason) {
  switch (reason) {
  case stats::EndReason::Amount:
    return "all packets sent";
  case stats::EndReason::Duration:
    return "duration reached";
  case stats::EndReason::Interrupted:
    return "interrupted";
  case stats::EndReason::Announced: // a receiver's
  case stats::EndReason::Failed:
    break;
  }
  return "failed";
}

bool has_signature(const plan::Plan& plan) {
  return std::any_of(plan.streams.begin(), plan.streams.end(), [](const plan::StreamPlan& stream) {
    return stream.frame.signature != packet::SignatureForm::None;
  });
}

std::string_view announced(const plan::Plan& plan) {
  if (!plan.announce) return "";
  return plan.spec.key ? ", announced with a key" : ", announced";
}

class Text final : public Reporter {
public:
  Text(std::ostream& out, std::ostream& err) : out_(out), notes_(err) {}

  void begin(const plan::Plan& plan, const RunInfo& info) override {
    interface_ = plan.iface.name;
    cpus_ = plan.cpus;
    fmt::print(out_, "sending on {} ({}), {} thread{} on CPU {}", interface_,
               plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver, cpus_.size(),
               cpus_.size() == 1 ? "" : "s", cpu_list(cpus_));
    if (plan.duration) fmt::print(out_, ", for {}", format_duration(*plan.duration));
    out_ << '\n';
    if (has_signature(plan)) fmt::print(out_, "session {:08x}{}\n", plan.session, announced(plan));
    for (const plan::StreamPlan& stream : plan.streams)
      out_ << stream_text(stream) << '\n';
    out_ << source_text(interface_, info) << '\n';
    out_ << std::flush;
    notes_.tell(plan.notes);
  }

  void interval(const stats::Sample& s) override {
    fmt::print(out_, "[{:>7.2f}s] {}  {:>7} err/s  {:>11} xmit/s  {:>12} L1  {:>12} L2", s.end_s,
               interface_, thousands(s.err_pps), thousands(s.xmit_pps), prefixed(s.l1_bps, "bit/s"),
               prefixed(s.l2_bps, "bit/s"));
    if (s.target_pps) fmt::print(out_, "  target {}", prefixed(*s.target_pps, "pps"));
    out_ << '\n' << std::flush;
  }

  void end(const stats::Summary& summary) override {
    const stats::Sample& total = summary.total;
    fmt::print(out_, "\nsummary of {}\n", interface_);
    row("ended", error_.empty() ? std::string(end_text(summary.end))
                                : fmt::format("{}: {}", end_text(summary.end), error_));
    row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
    count("attempts", total.tx.attempts);
    count("accepted", total.tx.accepted);
    count("driver drops", total.tx.driver_drops);
    count("redirect errors", total.tx.redirect_errors);
    if (total.tx.resent != 0) count("sent again", total.tx.resent);
    count("skipped slots", total.tx.skipped_slots);
    if (total.tx.nomem_retries != 0) count("memory retries", total.tx.nomem_retries);
    for (const auto& [number, frames] : summary.errnos)
      row("errno", fmt::format("{:>15}  {} ({})", with_thousands(frames), errno_name(number),
                               errno_text(number)));
    row("mean rate", fmt::format("{:>15} xmit/s  {} L1  {} L2", thousands(total.xmit_pps),
                                 prefixed(total.l1_bps, "bit/s"), prefixed(total.l2_bps, "bit/s")));
    if (total.target_pps) print_target(summary);
    if (summary.slip) print_slip(*summary.slip);
    if (total.workers.size() > 1) print_threads(summary);
    row("first frame", fmt::format("{:>15.3f} s after the start", summary.first_frame_s));
    row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
    notes_.tell(summary.notes);
    out_ << std::flush;
  }

  // Errors are talk and go to stderr, which is the caller's; here one only ends the summary's
  // story.
  void error(const Error& error, int) override {
    if (error_.empty()) error_ = one_line(error.message());
  }
  void finish() override { out_ << std::flush; }

private:
  void row(std::string_view label, std::string_view value) {
    fmt::print(out_, "  {:<16}{}\n", label, value);
  }
  void count(std::string_view label, std::uint64_t value) {
    row(label, fmt::format("{:>15}", with_thousands(value)));
  }

  void print_target(const stats::Summary& summary) {
    row("target", target_text(summary.total));
    if (!summary.shortfall.empty()) row("shortfall", one_line(summary.shortfall));
  }

  void print_slip(const stats::Histogram& slip) {
    row("slip", fmt::format("p50 {} ns  p90 {} ns  p99 {} ns  p99.9 {} ns  max {} ns",
                            with_thousands(slip.quantile(0.5)), with_thousands(slip.quantile(0.9)),
                            with_thousands(slip.quantile(0.99)),
                            with_thousands(slip.quantile(0.999)), with_thousands(slip.max())));
  }

  void print_threads(const stats::Summary& summary) {
    for (std::size_t i = 0; i < summary.total.workers.size(); ++i) {
      const stats::TxCounters& w = summary.total.workers[i];
      std::string text = fmt::format("{:>15} attempts", with_thousands(w.attempts));
      // Link counters know no threads.
      if (summary.source == stats::CountSource::Tracepoint)
        text += fmt::format("  {} accepted  {} driver drops  {} redirect errors",
                            with_thousands(w.accepted), with_thousands(w.driver_drops),
                            with_thousands(w.redirect_errors));
      text += fmt::format("  {} skipped slots", with_thousands(w.skipped_slots));
      row(i < cpus_.size() ? fmt::format("thread {} CPU {}", i, cpus_[i])
                           : fmt::format("thread {}", i),
          text);
    }
  }

  std::ostream& out_;
  Notes notes_;
  std::string interface_;
  std::vector<int> cpus_;
  std::string error_;
};

} // namespace

std::unique_ptr<Reporter> make_text(std::ostream& out, std::ostream& err) {
  return std::make_unique<Text>(out, err);
}

} // namespace xtg::report
