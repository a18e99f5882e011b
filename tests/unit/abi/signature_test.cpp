// SPDX-License-Identifier: BSD-2-Clause
// The wire format of the signature, byte by byte: a receiver elsewhere relies on it.
#include "xtg/abi/signature.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace {

TEST(AbiSignature, FullLayout) {
  EXPECT_EQ(sizeof(xtg_sig_full), 32U);
  EXPECT_EQ(alignof(xtg_sig_full), 1U);
  EXPECT_EQ(offsetof(xtg_sig_full, seq), 0U);
  EXPECT_EQ(offsetof(xtg_sig_full, tx_ns), 8U);
  EXPECT_EQ(offsetof(xtg_sig_full, run_id), 16U);
  EXPECT_EQ(offsetof(xtg_sig_full, stream), 20U);
  EXPECT_EQ(offsetof(xtg_sig_full, worker), 22U);
  EXPECT_EQ(offsetof(xtg_sig_full, flags), 23U);
  EXPECT_EQ(offsetof(xtg_sig_full, type), 26U);
  EXPECT_EQ(offsetof(xtg_sig_full, version), 27U);
  EXPECT_EQ(offsetof(xtg_sig_full, magic), 28U);
  EXPECT_EQ(XTG_SIG_MAGIC, 0x58544753U); // "XTGS"
}

TEST(AbiSignature, CompactLayout) {
  EXPECT_EQ(sizeof(xtg_sig_compact), 16U);
  EXPECT_EQ(alignof(xtg_sig_compact), 1U);
  EXPECT_EQ(offsetof(xtg_sig_compact, seq), 0U);
  EXPECT_EQ(offsetof(xtg_sig_compact, tx_ns), 4U);
  EXPECT_EQ(offsetof(xtg_sig_compact, run_id), 10U);
  EXPECT_EQ(offsetof(xtg_sig_compact, stream), 12U);
  EXPECT_EQ(offsetof(xtg_sig_compact, worker), 13U);
  EXPECT_EQ(offsetof(xtg_sig_compact, magic), 14U);
  EXPECT_EQ(XTG_SIG_COMPACT_MAGIC & 0xfU, 0U); // the version's place
  EXPECT_LT(XTG_SIG_VERSION, 16);
}

TEST(AbiSignature, TheFormsCannotBeTakenForEachOther) {
  EXPECT_NE(XTG_SIG_MAGIC & 0xfff0U, XTG_SIG_COMPACT_MAGIC);
}

} // namespace
