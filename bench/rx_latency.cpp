// SPDX-License-Identifier: BSD-2-Clause
// How right the delays are that `rx` reports: behind a hop whose delay is known, and what the
// sender's batches add to them.
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "delay_line.h"
#include "rx_run.h"
#include "table.h"

namespace xtg::bench {

namespace {

constexpr const char* kPaced = "10kpps"; // one by one: 100 us apart
constexpr std::uint64_t kDelayNs = 200'000;
constexpr const char* kSize = "128";

/// What a turn behind the hop gave, in us.
struct Heard {
  double true_p50, true_mean, true_spread; ///< the hop's own measurement
  double p50, mean, spread;                ///< what rx reports; spread: p99 - p50
  double lost;                             ///< % of the frames, by the hop and behind it
};

Status sent(const net::VethTestBed& bed, const Options& options,
            const std::vector<std::string>& arguments) {
  auto sender = start_udp(bed, options, arguments);
  if (!sender) return tl::unexpected<Error>(sender.error());
  return ended(*sender);
}

Result<Heard> behind_hop(const net::VethTestBed& in, const net::VethTestBed& out,
                         const Options& options, std::uint64_t delay_ns) {
  Result<Kept> kept = Kept{};
  auto report = received(out, options, {}, [&]() -> Status {
    auto line = DelayLine::start(in, out, delay_ns, 1);
    if (!line) return tl::unexpected<Error>(line.error());
    if (auto ok = sent(in, options, {"-s", kSize, "--rate", kPaced, "--stamp", "each"}); !ok)
      return ok;
    kept = line->stop();
    if (!kept) return tl::unexpected<Error>(kept.error());
    return {};
  });
  if (!report) return tl::unexpected<Error>(report.error());
  const auto unique = figure(*report, "/end/sum/unique"),
             p50 = figure(*report, "/end/sum/delay_us/p50"),
             p99 = figure(*report, "/end/sum/delay_us/p99"),
             mean = figure(*report, "/end/sum/delay_us/mean");
  if (!p50 || !p99 || !mean || kept->frames == 0)
    return fail(Errc::System, "no frame came through the hop");
  const double arrived = static_cast<double>(kept->frames + kept->lost);
  return Heard{.true_p50 = kept->p50 / 1e3,
               .true_mean = kept->mean / 1e3,
               .true_spread = (kept->p99 - kept->p50) / 1e3,
               .p50 = *p50,
               .mean = *mean,
               .spread = *p99 - *p50,
               .lost = 100 * (arrived - unique.value_or(0)) / arrived};
}

/// A contestant's figures, of which those with the hop's delay also tell what is left when the rest
/// of the way, as the turn before had it without, is taken off.
Figures figures_of(const Heard& h, const Heard* without) {
  Figures figures = {h.true_p50, h.p50, h.p50 - h.true_p50, h.mean - h.true_mean, h.true_spread,
                     h.spread,   h.lost};
  if (without == nullptr) return figures;
  figures.push_back((h.p50 - h.true_p50) - (without->p50 - without->true_p50));
  figures.push_back((h.mean - h.true_mean) - (without->mean - without->true_mean));
  return figures;
}

} // namespace

/// The true delay of a frame is the hop's, which it measures itself, and that of the rest of the
/// way, which is the same with and without: reported - hop's, less the same without delay, is the
/// receiver's error. Its percentiles are upper ends of histogram cells, 4.1 us wide at 200 us; the
/// mean has no such error.
Status latency_table(const Options& options) {
  if (std::thread::hardware_concurrency() < 2) {
    fmt::print("\nno table of latencies: the hop needs a CPU of its own\n");
    return {};
  }
  auto in = net::VethTestBed::create({.queues = 1}), out = net::VethTestBed::create({.queues = 1});
  if (!in) return tl::unexpected<Error>(in.error());
  if (!out) return tl::unexpected<Error>(out.error());
  Heard without{};
  const auto turn = [&](std::uint64_t delay_ns) -> Result<Figures> {
    auto heard = behind_hop(*in, *out, options, delay_ns);
    if (!heard) return tl::unexpected<Error>(heard.error());
    if (delay_ns == 0) without = *heard;
    return figures_of(*heard, delay_ns == 0 ? nullptr : &without);
  };
  std::vector<Contestant> contestants = {
      {.name = "none", .turn = [&] { return turn(0); }},
      {.name = fmt::format("{} us", kDelayNs / 1000), .turn = [&] { return turn(kDelayNs); }},
  };
  const TableSpec spec{.title = "delay asked of the hop",
                       .ratio = "",
                       .columns = {{"the hop's p50, us", 2},
                                   {"reported p50, us", 2},
                                   {"difference", 2},
                                   {"of the means", 2},
                                   {"the hop's p99 - p50", 2},
                                   {"reported p99 - p50", 2},
                                   {"lost, %", 2},
                                   {"error of the p50, us", 2},
                                   {"of the mean", 2}}};
  return run_table(spec, contestants, options.rounds);
}

/// A frame leaves with its batch and not when it was stamped. Paced, a batch is one frame, and the
/// clock is read for each either way: what is measured then is the wire. Above that is what the
/// batch adds, with the receiver's ring in which the batch then waits.
Status bias_table(const Options& options) {
  auto bed = net::VethTestBed::create({.queues = 1});
  if (!bed) return tl::unexpected<Error>(bed.error());
  std::optional<double> least;
  const auto turn = [&](const char* rate, const char* stamp) -> Result<Figures> {
    auto report = received(*bed, options, {}, [&] {
      return sent(*bed, options, {"-s", kSize, "--rate", rate, "--stamp", stamp});
    });
    if (!report) return tl::unexpected<Error>(report.error());
    const auto p50 = figure(*report, "/end/sum/delay_us/p50");
    const bool first = rate == kPaced && std::string_view(stamp) == "each";
    if (first) least = p50;
    return Figures{p50, p50 && least && !first ? std::optional(*p50 - *least) : std::nullopt,
                   figure(*report, "/end/sum/delay_us/mean"),
                   figure(*report, "/end/sum/delay_us/p99")};
  };
  std::vector<Contestant> contestants = {
      {.name = "one by one, --stamp each", .turn = [&] { return turn(kPaced, "each"); }},
      {.name = "one by one, --stamp batch", .turn = [&] { return turn(kPaced, "batch"); }},
      {.name = "full rate, --stamp each", .turn = [&] { return turn("max", "each"); }},
      {.name = "full rate, --stamp batch", .turn = [&] { return turn("max", "batch"); }},
  };
  const TableSpec spec{
      .title = "delay over a plain wire",
      .ratio = "",
      .columns = {{"p50, us", 2}, {"above the first, us", 2}, {"mean, us", 2}, {"p99, us", 2}}};
  return run_table(spec, contestants, options.rounds);
}

} // namespace xtg::bench
