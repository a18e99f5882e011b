// SPDX-License-Identifier: BSD-2-Clause
// Which test runs: one per interface and direction. Others wait in the order in which they came, or
// are refused. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "serve/policy.h"

namespace xtg::serve {

class Queue {
public:
  static constexpr std::size_t kMaxWaiting = 32;

  struct Entered {
    enum class How { Runs, Waits, Busy, Full } how = How::Runs;
    std::size_t position = 0; ///< of one that waits, from 1
    std::string by;           ///< of one that is busy: the test that has what it needs
  };
  /// Busy and Full are not entered.
  Entered enter(const std::string& id, std::vector<PortUse> uses, bool wait);
  /// A test that has ended, or waits no longer; the ones that may begin now, in order.
  std::vector<std::string> leave(const std::string& id);

  /// 0: runs. None: not there.
  [[nodiscard]] std::optional<std::size_t> position(const std::string& id) const;
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

private:
  struct Entry {
    std::string id;
    std::vector<PortUse> uses;
  };
  /// Who keeps these uses from being taken: whoever runs, and of those that wait the first
  /// `ahead`.
  [[nodiscard]] const Entry* in_the_way(const std::vector<PortUse>& uses, std::size_t ahead) const;

  std::vector<Entry> running_, waiting_;
};

} // namespace xtg::serve
