// SPDX-License-Identifier: BSD-2-Clause
// What leaves otherwise than by XDP transmit: small frames by tc beside AF_XDP in copy mode and an
// AF_PACKET ring, long ones beside a bare loop, and what enters a stack (receive.h). One core each,
// alternating.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "bare_loop.h"
#include "bench_options.h"
#include "child.h"
#include "core/unique_fd.h"
#include "far_end.h"
#include "net/veth_test_bed.h"
#include "receive.h"
#include "turn.h"

namespace xtg::bench {

namespace {

constexpr std::uint32_t kLong = 9014; // frame bytes without FCS: IP packets of 9000

std::vector<std::string> ours(const Options& options, const net::VethTestBed& bed,
                              const std::string& more) {
  std::vector<std::string> command = {options.binary, "udp", bed.near().name, "--quiet",
                                      "--duration",   "60",  "--cpus",        "0"};
  for (auto& word : words(more))
    command.push_back(std::move(word));
  return command;
}

/// trafgen's description of the frame that `udp` sends by default but for the signature; the file
/// exists as long as the object.
class TrafgenFrame {
public:
  explicit TrafgenFrame(const net::VethTestBed& bed) {
    const UniqueFd file(mkstemp(path_.data()));
    const auto &near = bed.near(), &far = bed.far();
    const std::string text = fmt::format(
        "{{ eth(daddr={}, saddr={}), ipv4(saddr={}, daddr={}), udp(sport=9, dport=9), "
        "fill(0, 18) }}\n",
        far.mac.to_string(), near.mac.to_string(), near.v4.to_string(), far.v4.to_string());
    if (file.valid()) (void)!write(file.get(), text.data(), text.size());
  }
  TrafgenFrame(const TrafgenFrame&) = delete;
  TrafgenFrame& operator=(const TrafgenFrame&) = delete;
  ~TrafgenFrame() { (void)unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_ = "/tmp/xtg-bench-XXXXXX";
};

Status small_frames(const Options& options) {
  auto bed = net::VethTestBed::create({});
  if (!bed) return tl::unexpected<Error>(bed.error());
  auto far = FarEnd::attach(*bed, FarEnd::Kind::Count);
  if (!far) return tl::unexpected<Error>(far.error());
  const double s = options.seconds;
  const auto command = [&](std::vector<std::string> words) {
    return [&, words = std::move(words)] {
      return measure_command(bed->near_ns(), far->count(), words, {0}, s);
    };
  };
  const TrafgenFrame frame(*bed);
  std::vector<Contestant> all = {
      {"(a) --via tc, defaults", command(ours(options, *bed, "--via tc"))},
      {"(b) --via tc, four varying fields",
       command(ours(options, *bed,
                    "--via tc -p 1000-1999 -P 2000-2499 -a 198.18.0.2-198.18.0.101 -A "
                    "198.18.1.0/24 -m " +
                        bed->far().mac.to_string()))},
      {"(c) bare loop by tc",
       [&] {
         return measure_loop(
             far->count(), [&](double time) { return run_bare_tc(*bed, 60, time, 0); }, s);
       }},
      {"(d) trafgen, AF_PACKET ring",
       command({"trafgen", "--in", frame.path(), "--out", bed->near().name, "--cpus", "1"}), true},
  };
  for (const std::string& peer : options.peers) {
    std::vector<std::string> line = words(peer);
    for (auto& word : line) {
      if (word == "%i") word = bed->near().name;
      if (word == "%m") word = bed->far().mac.to_string();
    }
    all.push_back({"(e) " + peer, command(line), true});
  }
  return run_table({.title = "64-byte frames", .columns = {{"Mpps", 3}}}, all, options.rounds);
}

Status long_frames(const Options& options) {
  auto bed = net::VethTestBed::create({.mtu = 9000});
  if (!bed) return tl::unexpected<Error>(bed.error());
  auto far = FarEnd::attach(*bed, FarEnd::Kind::CountLong);
  if (!far) return tl::unexpected<Error>(far.error());
  const auto gbps = [](Result<Figures> mpps) {
    if (mpps) mpps->front() = mpps->front().value_or(0) * kLong * 8e-3;
    return mpps;
  };
  std::vector<Contestant> all = {
      {"(a) bare loop by tc",
       [&] {
         return gbps(measure_loop(
             far->count(), [&](double time) { return run_bare_tc(*bed, kLong, time, 0); },
             options.seconds));
       }},
      {"(b) --via tc",
       [&] {
         return gbps(measure_command(bed->near_ns(), far->count(),
                                     ours(options, *bed, fmt::format("--via tc -s {}", kLong + 4)),
                                     {0}, options.seconds));
       }},
  };
  return run_table({.title = "IP packets of 9000 bytes", .columns = {{"Gbit/s", 1}}}, all,
                   options.rounds);
}

struct Table {
  const char* name;
  Status (*make)(const Options&);
};
constexpr Table kTables[] = {
    {"small", small_frames}, {"long", long_frames}, {"receive", bench_receive}};

} // namespace

bool is_via_table(const std::string& name) {
  return std::ranges::any_of(kTables, [&](const Table& table) { return name == table.name; });
}

Status bench_via(const Options& options) {
  fmt::print("{}; veth pair, one core, far end counts and drops; {} rounds of {} s, alternating, "
             "medians; ratios are medians of the paired ratios\n",
             machine(), options.rounds, options.seconds);
  for (const Table& table : kTables) {
    if (!options.only.empty() && std::ranges::find(options.only, table.name) == options.only.end())
      continue;
    if (auto done = table.make(options); !done) return done;
  }
  return {};
}

} // namespace xtg::bench
