// SPDX-License-Identifier: BSD-2-Clause
// Throughput: this tool, the bare live-frame loops and any peer, alternating, counted at the far
// end.
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "bare_loop.h"
#include "bench_options.h"
#include "child.h"
#include "core/unique_fd.h"
#include "far_end.h"
#include "net/veth_test_bed.h"
#include "turn.h"

namespace xtg::bench {

namespace {

Result<Figures> measure_redirect(const net::VethTestBed& bed, const FarEnd& far, double seconds) {
  return measure_loop(
      far.count(),
      [&](double time) -> Status {
        auto rate = run_bare(bed, Bare::Redirect, time, 0);
        if (!rate) return tl::unexpected<Error>(rate.error());
        return {};
      },
      seconds);
}

Result<Figures> measure_drop(const net::VethTestBed& bed, double seconds) {
  auto rate = run_bare(bed, Bare::Drop, seconds, 0);
  if (!rate) return tl::unexpected<Error>(rate.error());
  return Figures{*rate * 1e-6};
}

/// Time from start to exit for one frame, and the memory of a run.
Status report_costs(const net::VethTestBed& bed, const Options& options) {
  std::vector<double> wall, rss;
  for (unsigned i = 0; i < 15; i++) {
    auto child = Child::start(
        bed.near_ns(), {options.binary, "udp", bed.near().name, "-n", "1", "--quiet"}, {}, false);
    if (!child) return tl::unexpected<Error>(child.error());
    wall.push_back(child->wait().wall_s * 1e3);
  }
  auto child = Child::start(
      bed.near_ns(),
      {options.binary, "udp", bed.near().name, "--duration", "2", "--quiet", "--cpus", "0"}, {},
      false);
  if (!child) return tl::unexpected<Error>(child.error());
  rss.push_back(static_cast<double>(child->wait().max_rss_kib) / 1024);
  fmt::print("\n`udp -n 1`, start to exit: {:.0f} ms (median of {})\n", median(wall), wall.size());
  fmt::print("resident memory of a run: {:.1f} MiB\n", rss[0]);
  return {};
}

TableSpec table(const char* title) {
  return {.title = title, .columns = {{"Mpps", 3}}};
}

/// A profile of eight unpaced streams; the file exists as long as the object.
class EightStreams {
public:
  EightStreams() {
    const int fd = mkstemp(path_.data());
    if (fd < 0) return;
    const UniqueFd file(fd);
    std::string text = R"({"command": "udp", "streams": [)";
    for (int i = 1; i <= 8; i++)
      text += fmt::format(R"({}{{"dst_port": "{}"}})", i > 1 ? ", " : "", 5000 + i);
    text += "]}";
    (void)!write(fd, text.data(), text.size());
  }
  EightStreams(const EightStreams&) = delete;
  EightStreams& operator=(const EightStreams&) = delete;
  ~EightStreams() { (void)unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_ = "/tmp/xtg-bench-XXXXXX";
};

} // namespace

Status bench_udp(const Options& options) {
  auto bed = net::VethTestBed::create({});
  if (!bed) return tl::unexpected<Error>(bed.error());
  auto far = FarEnd::attach(*bed, FarEnd::Kind::Count);
  if (!far) return tl::unexpected<Error>(far.error());
  fmt::print(
      "{}; veth pair with two queues, 64-byte frames, far end counts and drops; {} rounds of {} s, "
      "alternating, medians; ratios are medians of the paired ratios\n",
      machine(), options.rounds, options.seconds);

  const double s = options.seconds;
  const auto ours = [&](const std::string& more, const std::vector<int>& cpus) {
    std::vector<std::string> command = {options.binary, "udp",        bed->near().name,
                                        "--quiet",      "--duration", "60"};
    for (auto& word : words(more))
      command.push_back(word);
    return [&, command, cpus] {
      return measure_command(bed->near_ns(), far->count(), command, cpus, s);
    };
  };
  std::vector<Contestant> one_core = {
      {"(c) bare loop, redirect only", [&] { return measure_redirect(*bed, *far, s); }},
      {"(a) defaults", ours("--cpus 0", {})},
      {"(b) four varying fields",
       ours("--cpus 0 -p 1000-1999 -P 2000-2499 -a 198.18.0.2-198.18.0.101 -A 198.18.1.0/24 -m " +
                bed->far().mac.to_string(),
            {})},
      {"(b') --stamp each", ours("--cpus 0 --stamp each", {})},
      {"(d) bare loop, nothing sent", [&] { return measure_drop(*bed, s); }},
  };
  for (const std::string& peer : options.peers) {
    std::vector<std::string> command = words(peer);
    for (auto& word : command) {
      if (word == "%i") word = bed->near().name;
    }
    one_core.push_back({"(e) " + peer, [&, command] {
                          return measure_command(bed->near_ns(), far->count(), command, {0}, s);
                        }});
  }
  if (auto done = run_table(table("one core"), one_core, options.rounds); !done) return done;

  if (std::thread::hardware_concurrency() >= 2) {
    std::vector<Contestant> cores = {{"one core", ours("--cpus 0", {})},
                                     {"two cores", ours("--cpus 0,1", {})}};
    if (auto done = run_table(table("cores"), cores, options.rounds); !done) return done;
  }
  const EightStreams eight;
  std::vector<Contestant> shapes = {
      {"one stream", ours("--cpus 0", {})},
      {"eight streams", ours("--cpus 0 --profile " + eight.path(), {})},
      {"a VLAN tag", ours("--cpus 0 --vlan 100", {})},
      {"100 VLANs", ours("--cpus 0 --vlan 100-199", {})},
      {"IMIX", ours("--cpus 0 --pkt-size imix", {})},
      {"1024 flows of 8 packets", ours("--cpus 0 --flows 1024 --flow-packets 8 -p 1024-2047", {})},
  };
  if (auto done = run_table(table("shapes"), shapes, options.rounds); !done) return done;
  return report_costs(*bed, options);
}

} // namespace xtg::bench
