// SPDX-License-Identifier: BSD-2-Clause
// What the received signals ask the process to do. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace xtg {

enum class Asked : std::uint8_t {
  Nothing,
  Stop,  ///< stop sending, drain, report
  Leave, ///< exit at once, without a report
};

class Insistence {
public:
  /// timeout(1) signals its child and then the whole group: signals this soon after the first count
  /// as the same one.
  static constexpr std::uint64_t kOneNs = 200'000'000;

  void hear(std::uint64_t now_ns) {
    if (!first_ns_)
      first_ns_ = now_ns;
    else if (now_ns - *first_ns_ >= kOneNs)
      insists_ = true;
  }
  [[nodiscard]] Asked asked() const {
    if (insists_) return Asked::Leave;
    return first_ns_ ? Asked::Stop : Asked::Nothing;
  }

private:
  std::optional<std::uint64_t> first_ns_;
  bool insists_ = false;
};

} // namespace xtg
