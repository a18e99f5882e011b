// SPDX-License-Identifier: BSD-2-Clause
// The only place that decides about skipping: a test may skip only for lack of a named privilege or
// kernel feature, and not at all if the environment requires its label to run
// (XTG_REQUIRE=bpf,netns).
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace xtg::test {

/// Capabilities that tests of a label need and this process lacks: "CAP_NET_ADMIN, CAP_BPF" or "".
inline std::string missing_privileges(std::string_view label) {
  constexpr int kNetAdmin = 12, kSysAdmin = 21, kBpf = 39; // <linux/capability.h>
  std::ifstream file("/proc/self/status");
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  constexpr std::string_view kKey = "\nCapEff:\t";
  std::uint64_t bits = 0;
  if (const auto at = status.find(kKey); at != std::string::npos)
    std::from_chars(status.data() + at + kKey.size(), status.data() + status.size(), bits, 16);
  const auto has = [bits](int cap) { return ((bits >> cap) & 1) != 0; };

  std::string missing;
  const auto need = [&missing](bool fulfilled, std::string_view name) {
    if (!fulfilled) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  need(has(kNetAdmin), "CAP_NET_ADMIN");
  if (label == "netns") need(has(kSysAdmin), "CAP_SYS_ADMIN");
  if (label == "bpf") need(has(kBpf) || has(kSysAdmin), "CAP_BPF");
  return missing;
}

/// Whether XTG_REQUIRE lists the label.
inline bool skip_is_failure(std::string_view label) {
  const char* list = std::getenv("XTG_REQUIRE");
  if (list == nullptr) return false;
  return ("," + std::string(list) + ",").find("," + std::string(label) + ",") != std::string::npos;
}

} // namespace xtg::test

/// Ends the test (or its SetUp): skipped, or failed if the label is required. `reason` names what
/// is missing.
#define XTG_SKIP(label, reason)                                                                    \
  do {                                                                                             \
    if (xtg::test::skip_is_failure(label)) FAIL() << "required, but missing: " << (reason);        \
    GTEST_SKIP() << "missing: " << (reason);                                                       \
  } while (false)

/// First line of a test, or of SetUp(), with the test's label: "netns" or "bpf".
#define XTG_REQUIRE_CAPS(label)                                                                    \
  do {                                                                                             \
    if (const std::string xtg_missing = xtg::test::missing_privileges(label);                      \
        !xtg_missing.empty())                                                                      \
      XTG_SKIP(label, xtg_missing);                                                                \
  } while (false)
