// SPDX-License-Identifier: BSD-2-Clause
// xtg-bench udp|via|pacing|tcp|rx|reflect --binary PATH [--rounds N] [--seconds S] [--peer
// 'COMMAND']...
//           [--only TABLE]...
#include <cstdlib>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "bench_options.h"
#include "interrupt.h"

namespace {

int usage() {
  fmt::print(
      stderr,
      "usage: xtg-bench udp --binary PATH [--rounds N] [--seconds S] [--peer 'COMMAND ... "
      "%i']...\n"
      "       xtg-bench via --binary PATH [--rounds N] [--seconds S] [--peer 'COMMAND ... %m ... "
      "%i']...\n"
      "                     [--only small|long|receive]...\n"
      "       xtg-bench pacing --binary PATH [--seconds S]\n"
      "       xtg-bench rx --binary PATH [--rounds N] [--seconds S] [--only "
      "cost|streams|latency|bias]...\n"
      "       xtg-bench reflect --binary PATH [--rounds N] [--seconds S]\n"
      "       xtg-bench tcp --binary PATH [--rounds N] [--seconds S] [--peer 'COMMAND ... %i "
      "... %p ... %a']...\n"
      "                     [--only one|threaded|loss|flows|mtu|costs]...\n");
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) return usage();
  const std::string what = argv[1];
  xtg::bench::Options options;
  if (what == "pacing") options.seconds = 10;
  if (what == "tcp") options.rounds = 5;
  if (argc % 2 != 0) return usage();
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--binary")
      options.binary = value;
    else if (name == "--rounds")
      options.rounds = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
    else if (name == "--seconds")
      options.seconds = std::strtod(value.c_str(), nullptr);
    else if (name == "--peer")
      options.peers.push_back(value);
    else if (name == "--only" && ((what == "tcp" && xtg::bench::is_tcp_table(value)) ||
                                  (what == "rx" && xtg::bench::is_rx_table(value)) ||
                                  (what == "via" && xtg::bench::is_via_table(value))))
      options.only.push_back(value);
    else
      return usage();
  }
  if (options.binary.empty() || options.rounds == 0 || !(options.seconds > 0)) return usage();

  xtg::bench::catch_interrupts();
  xtg::Status done;
  if (what == "udp")
    done = xtg::bench::bench_udp(options);
  else if (what == "via")
    done = xtg::bench::bench_via(options);
  else if (what == "pacing")
    done = xtg::bench::bench_pacing(options);
  else if (what == "tcp")
    done = xtg::bench::bench_tcp(options);
  else if (what == "rx")
    done = xtg::bench::bench_rx(options);
  else if (what == "reflect")
    done = xtg::bench::bench_reflect(options);
  else
    return usage();
  if (!done) {
    fmt::print(stderr, "xtg-bench: {}\n", done.error().message());
    return xtg::bench::interrupted() ? 130 : 1;
  }
  return 0;
}
