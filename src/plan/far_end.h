// SPDX-License-Identifier: BSD-2-Clause
// The other host of a test, where a server runs: what `udp --server` and `tcp --server` name.
#pragma once

#include <cstdint>
#include <string>

#include "plan/serve_spec.h"

namespace xtg::plan {

struct FarEnd {
  std::string host; ///< a name or an address; empty: the test is of this host alone
  std::uint16_t port = kServePort;
  std::string token_file; ///< empty: none
  std::string interface;  ///< there; empty: the one that the control connection reaches
  bool reverse = false;   ///< it sends, and this host receives
  bool bidir = false;     ///< of `tcp`: both send; `udp` has it in its TestSpec
  bool wait = false;      ///< for its turn
  bool operator==(const FarEnd&) const = default;
};

} // namespace xtg::plan
