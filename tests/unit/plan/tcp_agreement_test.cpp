// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tcp_agreement.h"

#include <vector>

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

constexpr TcpOptions kAll{true, true, false}, kNoSack{true, false, false}, kBare{};

TcpOptions of(const std::vector<TcpOptions>& all) {
  return most_common(all);
}

TEST(TcpAgreement, OneOddConnectionDecidesNothing) {
  EXPECT_EQ(of({kAll}), kAll);
  EXPECT_EQ(of({kBare, kAll, kAll}), kAll) << "nor when it is the first";
  EXPECT_EQ(of({kAll, kAll, kBare}), kAll);
  EXPECT_EQ(of({kNoSack, kAll, kBare, kAll}), kAll);
}

TEST(TcpAgreement, TheFirstOfEquallyCommonOnes) {
  EXPECT_EQ(of({kBare, kAll}), kBare);
  EXPECT_EQ(of({kNoSack, kAll, kAll, kNoSack}), kNoSack);
}

} // namespace
} // namespace xtg::plan
