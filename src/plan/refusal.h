// SPDX-License-Identifier: BSD-2-Clause
// A driver that refuses XDP programs: its message, and a repair. Pure.
#pragma once

#include <string>

#include "plan/diagnose.h"
#include "plan/facts.h"

namespace xtg::plan {

/// A driver's answer to an XDP program.
struct XdpAnswer {
  bool takes = false;
  int error = 0;          ///< positive errno if it refused
  std::string words = {}; ///< its own or the kernel's message; empty if none
};

/// Why the driver refused, from such an answer.
Diagnosis refused_program(const InterfaceFacts& iface, const XdpAnswer& answer);

} // namespace xtg::plan
