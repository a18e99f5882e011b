// SPDX-License-Identifier: BSD-2-Clause
// Where the forms for people put notes: on the standard error, so that what is piped on is the
// report alone.
#pragma once

#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace xtg::report {

/// Tells each note once. Reports on stdout are flushed before, so that a terminal shows both in
/// order.
class Notes {
public:
  explicit Notes(std::ostream& err) : err_(err) {}
  void emit(const std::string& note);
  void emit(const std::vector<std::string>& notes);
  /// Something that happened during the run, however often.
  void emit(const std::string& note, double at_s);

private:
  std::ostream& err_;
  std::set<std::string> told_;
};

} // namespace xtg::report
