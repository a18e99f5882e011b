// SPDX-License-Identifier: BSD-2-Clause
#include "net/port_use.h"

#include <gtest/gtest.h>

namespace xtg::test {
namespace {

constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
    "   0: 010012C6:2710 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
    "   1: 010012C6:9C40 020012C6:1451 06 00000000:00000000 03:00001770 00000000     0\n"
    "   2: 010012C6:9C41 020012C6:1451 01 00000000:00000000 00:00000000 00000000     0\n"
    "   3: 010012C6:9C44 020012C6:1451 06 00000000:00000000 03:00001770 00000000     0\n"
    "   4: 010012C6:9C42 020012C6:1452 06 00000000:00000000 03:00001770 00000000     0\n"
    "   5: 010012C6:9C43 030012C6:1451 06 00000000:00000000 03:00001770 00000000     0\n";

TEST(PortUse, CountsThoseToOneFarEnd) {
  plan::PortUse use{40'000, 40'003, 0, 0};
  net::count_ports(kTable, {packet::Ip::parse("198.18.0.2").value(), 5'201}, use);
  EXPECT_EQ(use.time_wait, 1U);
  EXPECT_EQ(use.open, 1U);
}

TEST(PortUse, ReadsIpv6) {
  plan::PortUse use{1, 65'535, 0, 0};
  net::count_ports("   0: 02000120000000000000000001000000:9C40 "
                   "02000120000000000000000002000000:1451 06 0\n",
                   {packet::Ip::parse("2001:2::2").value(), 5'201}, use);
  EXPECT_EQ(use.time_wait, 1U);
}

TEST(PortUse, LeavesOutWhatIsNone) {
  plan::PortUse use{1, 65'535, 0, 0};
  net::count_ports("x\n\n 0: 1:2 3:4 06\n 0: 010012C6:9C40 020012C6:11451 06\n",
                   {packet::Ip::parse("198.18.0.2").value(), 5'201}, use);
  EXPECT_EQ(use.time_wait + use.open, 0U);
}

} // namespace
} // namespace xtg::test
