// SPDX-License-Identifier: BSD-2-Clause
// A program that passes everything, attached so that the driver takes frames from XDP: a veth has a
// receive ring for them only with an XDP program or GRO. Runs share it: it stays until the last one
// ends, even if killed, and makes way for any other program of ours.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

/// All functions work in the calling thread's network namespace.
class RingProgram {
public:
  /// Attaches the program, or shares it if another run has attached it. NotSupported: another
  /// program is attached.
  static Result<RingProgram> hold(int ifindex);
  /// Whether such a program is on the interface, whoever attached it.
  static bool is_on(int ifindex);
  /// Detaches the program from an interface to make room for another one; false: none was attached.
  /// Its holders attach it again with keep().
  static bool give_way(int ifindex);

  /// Attaches the program again if it had to make way and the interface has no program any more.
  void keep();

private:
  RingProgram(int ifindex, UniqueFd link) : ifindex_(ifindex), link_(std::move(link)) {}
  int ifindex_;
  UniqueFd link_;
};

} // namespace xtg::xdp
