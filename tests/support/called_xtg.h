// SPDX-License-Identifier: BSD-2-Clause
// For its lifetime the program is called by its short name.
#pragma once

#include "core/program_name.h"

namespace xtg::test {

class CalledXtg {
public:
  CalledXtg() { set_program_name("/usr/bin/xtg"); }
  CalledXtg(const CalledXtg&) = delete;
  CalledXtg& operator=(const CalledXtg&) = delete;
  ~CalledXtg() { set_program_name(kFullName); }
};

} // namespace xtg::test
