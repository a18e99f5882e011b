// SPDX-License-Identifier: BSD-2-Clause
// The same source that the kernel program runs.
#include "xtg/abi/rx_back.h"

#include <cstring>

#include <gtest/gtest.h>

#include "support/hex.h"

namespace {

int read(std::string_view hex, xtg_rx_reflector_stamp& out) {
  const auto bytes = xtg::test::from_hex(hex);
  EXPECT_EQ(bytes.size(), XTG_SIG_REFLECTOR_LEN);
  std::memcpy(&out, bytes.data(), sizeof out);
  return xtg_rx_read_reflector(&out);
}

TEST(AbiRxBack, WordsByteByByte) {
  xtg_rx_reflector_stamp w{};
  EXPECT_TRUE(read("0102030405060708 1112131415161718 2122232425262728", w));
  EXPECT_EQ(w.seq, 0x0102030405060708U);
  EXPECT_EQ(w.rx_ns, 0x1112131415161718U);
  EXPECT_EQ(w.tx_ns, 0x2122232425262728U);
  EXPECT_TRUE(read("ffffffffffffffff 1112131415161718 1112131415161718", w));
  EXPECT_EQ(w.seq, XTG_RX_UNNUMBERED);
}

TEST(AbiRxBack, WordsThatTellNothing) {
  xtg_rx_reflector_stamp w{};
  EXPECT_FALSE(read("0000000000000000 0000000000000000 0000000000000000", w)) << "as sent";
  EXPECT_FALSE(read("0000000000000001 0000000000000001 0000000000000000", w));
  EXPECT_FALSE(read("0000000000000001 0000000000000002 0000000000000001", w)) << "gone before come";
  EXPECT_TRUE(read("0000000000000001 0000000000000001 0000000000000001", w));
}

TEST(AbiRxBack, Residence) {
  xtg_rx_slot slot{};
  xtg_rx_residence(&slot, 30);
  EXPECT_EQ(slot.residence_min, 30U);
  xtg_rx_residence(&slot, 50);
  xtg_rx_residence(&slot, 10);
  EXPECT_EQ(slot.stamped, 3U);
  EXPECT_EQ(slot.residence_sum, 90U);
  EXPECT_EQ(slot.residence_min, 10U);
  EXPECT_EQ(slot.residence_max, 50U);
}

} // namespace
