// SPDX-License-Identifier: BSD-2-Clause
// The checks of `probe` as values, and their text and JSON forms.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace xtg::report {

enum class Verdict : std::uint8_t { Passed, Failed, Fixable, Info };

struct Check {
  std::string id; ///< stable key: "kernel", "live-frames", "xdp-transmit" ...
  Verdict verdict = Verdict::Info;
  std::string value;     ///< what was found, short
  std::string repair;    ///< the command or step that repairs it; empty unless Failed or Fixable
  bool optional = false; ///< sending works without it; then a repair makes it faster
};

void print_checks(std::ostream& out, const std::vector<Check>& checks);
std::string checks_json(const std::vector<Check>& checks, const std::string& version);
/// True when no requirement of sending has failed or waits for a repair: exit status 0, else 4.
bool usable(const std::vector<Check>& checks);

} // namespace xtg::report
