// SPDX-License-Identifier: BSD-2-Clause
#include "core/program_name.h"

#include <gtest/gtest.h>

namespace xtg {
namespace {

TEST(ProgramName, IsTheShortOneOrTheFullOne) {
  EXPECT_EQ(program_name(), "xdp-trafficgen");
  for (const char* path : {"xtg", "/usr/bin/xtg", "./xtg"}) {
    set_program_name(path);
    EXPECT_EQ(program_name(), "xtg") << path;
    EXPECT_EQ(as_called("xdp-trafficgen udp, xdp-trafficgen rx"), "xtg udp, xtg rx");
  }
  for (const char* path : {"", "/", "/xtg/other", "my-xtg", "./xdp-trafficgen-0.1.0-x86_64",
                           "/usr/sbin/xdp-trafficgen"}) {
    set_program_name(path);
    EXPECT_EQ(program_name(), "xdp-trafficgen") << path;
  }
  EXPECT_EQ(as_called("xdp-trafficgen udp"), "xdp-trafficgen udp");
}

} // namespace
} // namespace xtg
