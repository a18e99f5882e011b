// SPDX-License-Identifier: BSD-2-Clause
// What the receiver costs: the same stream into a program that only counts and drops, and into
// `rx`, each on a wire of its own. Sender and receiver share a core. And the same frames as one
// stream and as a thousand.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "bare_loop.h"
#include "far_end.h"
#include "rx_run.h"
#include "table.h"

namespace xtg::bench {

namespace {

/// Frames per microsecond that arrive from `udp`, which has ended when this returns.
Result<double> sent_into(const net::VethTestBed& bed, const Options& options,
                         const std::string& size) {
  auto sender = start_udp(bed, options, {"-s", size});
  if (!sender) return tl::unexpected<Error>(sender.error());
  auto mpps = arrival_rate(bed, options);
  if (!mpps) return mpps;
  if (auto ok = ended(*sender); !ok) return tl::unexpected<Error>(ok.error());
  return mpps;
}

/// What the interface's ring had no room for, and what else was lost.
void add_losses(Figures& figures, const nlohmann::json& report) {
  const auto lost = figure(report, "/end/sum/lost_packets"),
             dropped = figure(report, "/end/aside/link_dropped");
  figures.push_back(dropped);
  figures.push_back(lost && dropped ? std::optional(*lost - *dropped) : std::nullopt);
}

Result<Figures> measure_rx(const net::VethTestBed& bed, const Options& options,
                           const std::string& size) {
  Result<double> mpps = 0;
  auto report = received(bed, options, {}, [&]() -> Status {
    mpps = sent_into(bed, options, size);
    if (!mpps) return tl::unexpected<Error>(mpps.error());
    return {};
  });
  if (!report) return tl::unexpected<Error>(report.error());
  Figures figures = {*mpps};
  add_losses(figures, *report);
  figures.push_back(figure(*report, "/end/sum/delay_us/p50"));
  figures.push_back(figure(*report, "/end/sum/delay_us/p999"));
  return figures;
}

Status cost_tables(const Options& options) {
  auto bare = net::VethTestBed::create({.queues = 1}),
       ours = net::VethTestBed::create({.queues = 1});
  if (!bare) return tl::unexpected<Error>(bare.error());
  if (!ours) return tl::unexpected<Error>(ours.error());
  auto far = FarEnd::attach(*bare, FarEnd::Kind::Count);
  if (!far) return tl::unexpected<Error>(far.error());
  for (const char* size : {"64", "128"}) {
    std::vector<Contestant> contestants = {
        {.name = "(a) counts and drops",
         .turn = [&]() -> Result<Figures> {
           auto mpps = sent_into(*bare, options, size);
           if (!mpps) return tl::unexpected<Error>(mpps.error());
           return Figures{*mpps, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
         }},
        {.name = "(b) rx", .turn = [&] { return measure_rx(*ours, options, size); }},
    };
    const TableSpec spec{.title = fmt::format("{}-byte frames", size),
                         .columns = {{"Mpps", 3},
                                     {"dropped by the ring", 0},
                                     {"lost otherwise", 0},
                                     {"delay p50, us", 1},
                                     {"delay p99.9, us", 1}}};
    if (auto done = run_table(spec, contestants, options.rounds); !done) return done;
  }
  return {};
}

Result<Figures> measure_streams(const net::VethTestBed& bed, const Options& options,
                                unsigned streams) {
  Result<double> mpps = 0;
  auto report = received(bed, options, {"--streams", "4096"}, [&]() -> Status {
    Status sent;
    std::thread sender(
        [&] { sent = run_signed(bed, streams, kWarmUp + options.seconds + kMargin, 0); });
    mpps = arrival_rate(bed, options);
    sender.join();
    if (!mpps) return tl::unexpected<Error>(mpps.error());
    return sent;
  });
  if (!report) return tl::unexpected<Error>(report.error());
  Figures figures = {*mpps};
  add_losses(figures, *report);
  figures.push_back(figure(*report, "/end/sum/streams"));
  return figures;
}

} // namespace

/// One sender for both, which does the same for every frame: only the numbers in it differ. So what
/// the second row has less is what a thousand records cost that no cache holds.
Status streams_table(const Options& options) {
  auto bed = net::VethTestBed::create({.queues = 1});
  if (!bed) return tl::unexpected<Error>(bed.error());
  std::vector<Contestant> contestants;
  for (const unsigned streams : {1U, 1000U})
    contestants.push_back(
        {.name = fmt::format("{} stream{}", streams, streams == 1 ? "" : "s"),
         .turn = [&, streams] { return measure_streams(*bed, options, streams); }});
  const TableSpec spec{
      .title = "rx, 128-byte frames of",
      .columns = {
          {"Mpps", 3}, {"dropped by the ring", 0}, {"lost otherwise", 0}, {"streams told", 0}}};
  return run_table(spec, contestants, options.rounds);
}

bool is_rx_table(const std::string& name) {
  return name == "cost" || name == "streams" || name == "latency" || name == "bias";
}

Status bench_rx(const Options& options) {
  const auto wanted = [&](const char* name) {
    return options.only.empty() ||
           std::find(options.only.begin(), options.only.end(), name) != options.only.end();
  };
  fmt::print("{}; veth pairs with one queue, sender and receiver on one core; {} rounds of {} s, "
             "alternating, medians; ratios are medians of the paired ratios\n",
             machine(), options.rounds, options.seconds);
  Status done;
  if (wanted("cost")) done = cost_tables(options);
  if (done && wanted("streams")) done = streams_table(options);
  if (done && wanted("latency")) done = latency_table(options);
  if (done && wanted("bias")) done = bias_table(options);
  return done;
}

} // namespace xtg::bench
