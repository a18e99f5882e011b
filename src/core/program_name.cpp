// SPDX-License-Identifier: BSD-2-Clause
#include "core/program_name.h"

namespace xtg {

namespace {
std::string_view called_by = kFullName;
} // namespace

std::string_view program_name() {
  return called_by;
}

void set_program_name(std::string_view path) {
  called_by = path.substr(path.rfind('/') + 1) == kShortName ? kShortName : kFullName;
}

std::string as_called(std::string text) {
  for (std::size_t at = 0; (at = text.find(kFullName, at)) != std::string::npos;
       at += called_by.size())
    text.replace(at, kFullName.size(), called_by);
  return text;
}

} // namespace xtg
