// SPDX-License-Identifier: BSD-2-Clause
#include "report/notes.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/program_name.h"
#include "report/describe.h"

namespace xtg::report {

void Notes::emit(const std::string& note) {
  if (!told_.insert(note).second) return;
  fmt::print(err_, "{}: note: {}\n", program_name(), one_line(note));
  err_ << std::flush;
}

void Notes::emit(const std::vector<std::string>& notes) {
  for (const std::string& note : notes)
    emit(note);
}

void Notes::emit(const std::string& note, double at_s) {
  fmt::print(err_, "{}: [{:>7.2f}s] note: {}\n", program_name(), at_s, one_line(note));
  err_ << std::flush;
}

} // namespace xtg::report
