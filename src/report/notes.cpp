// SPDX-License-Identifier: BSD-2-Clause
#include "report/notes.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "report/describe.h"

namespace xtg::report {

void Notes::emit(const std::string& note) {
  if (!told_.insert(note).second) return;
  fmt::print(err_, "xdp-trafficgen: note: {}\n", one_line(note));
  err_ << std::flush;
}

void Notes::emit(const std::vector<std::string>& notes) {
  for (const std::string& note : notes)
    emit(note);
}

void Notes::emit(const std::string& note, double at_s) {
  fmt::print(err_, "xdp-trafficgen: [{:>7.2f}s] note: {}\n", at_s, one_line(note));
  err_ << std::flush;
}

} // namespace xtg::report
