// SPDX-License-Identifier: BSD-2-Clause
// A program that passes everything, attached so that the driver takes frames from XDP: a veth has
// a receive ring for them only with an XDP program or GRO. Runs share it: it stays until the last
// one ends, also when that is killed, and makes way for a program of ours that wants its place.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

/// In the calling thread's network namespace, as all functions here.
class RingProgram {
public:
  /// Attaches it or, where another run has done so already, joins that. NotSupported: another
  /// program is there.
  static Result<RingProgram> hold(int ifindex);
  /// Whether one is on the interface, whoever attached it.
  static bool is_on(int ifindex);
  /// Takes it off an interface to make room for another program; false: there is none. Whoever
  /// holds it puts it back afterwards, by keep().
  static bool give_way(int ifindex);

  /// Attaches it anew where it had to make way and the interface has no program any more.
  void keep();

private:
  RingProgram(int ifindex, UniqueFd link) : ifindex_(ifindex), link_(std::move(link)) {}
  int ifindex_;
  UniqueFd link_;
};

} // namespace xtg::xdp
