// SPDX-License-Identifier: BSD-2-Clause
// A driver that takes no XDP program: its words and what repairs it. Pure.
#pragma once

#include <string>

#include "plan/diagnose.h"
#include "plan/facts.h"

namespace xtg::plan {

/// What a driver answered when it was handed an XDP program.
struct XdpAnswer {
  bool takes = false;
  int error = 0;          ///< positive errno, where it does not
  std::string words = {}; ///< its own or the kernel's on that; empty when there are none
};

/// Why the driver takes none, of an answer that says so.
Diagnosis refused_program(const InterfaceFacts& iface, const XdpAnswer& answer);

} // namespace xtg::plan
