// SPDX-License-Identifier: BSD-2-Clause
#include "report/notes.h"

#include <sstream>

#include <gtest/gtest.h>

#include "support/called_xtg.h"

namespace xtg::report {
namespace {

TEST(Notes, OnceEachUnlessTheyAreEvents) {
  std::ostringstream err;
  Notes notes(err);
  notes.emit({"GRO is on", "GRO is off", "GRO is on"});
  notes.emit("GRO is off");
  notes.emit("the way leads elsewhere", 1.25);
  notes.emit("the way leads elsewhere", 2);
  EXPECT_EQ(err.str(), "xdp-trafficgen: note: GRO is on\n"
                       "xdp-trafficgen: note: GRO is off\n"
                       "xdp-trafficgen: [   1.25s] note: the way leads elsewhere\n"
                       "xdp-trafficgen: [   2.00s] note: the way leads elsewhere\n");
}

TEST(Notes, NameTheProgramAsItWasCalled) {
  const test::CalledXtg called;
  std::ostringstream err;
  Notes notes(err);
  notes.emit("GRO is on");
  notes.emit("the way leads elsewhere", 1.25);
  EXPECT_EQ(err.str(), "xtg: note: GRO is on\nxtg: [   1.25s] note: the way leads elsewhere\n");
}

} // namespace
} // namespace xtg::report
