// SPDX-License-Identifier: BSD-2-Clause
// Prints the notes of the text forms to standard error, so that standard output is the report
// alone.
#pragma once

#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace xtg::report {

/// Prints each note once. Flushes the report before, so that a terminal shows both in order.
class Notes {
public:
  explicit Notes(std::ostream& err) : err_(err) {}
  void emit(const std::string& note);
  void emit(const std::vector<std::string>& notes);
  /// An event during the run; printed every time.
  void emit(const std::string& note, double at_s);

private:
  std::ostream& err_;
  std::set<std::string> told_;
};

} // namespace xtg::report
