// SPDX-License-Identifier: BSD-2-Clause
// Send times by CLOCK_TAI, in every program that sends.
#include <gtest/gtest.h>

#include "core/clock.h"
#include "packet/checksum.h"
#include "program.h"
#include "xtg/abi/signature.h"

namespace xtg::test {
namespace {

struct Variant {
  Which which;
  bool each;
};

class TaiTest : public testing::TestWithParam<Variant> {
protected:
  void SetUp() override { XTG_REQUIRE_CAPS("bpf"); }
};
INSTANTIATE_TEST_SUITE_P(, TaiTest,
                         testing::Values(Variant{Which::Single, false},
                                         Variant{Which::Single, true}, Variant{Which::Multi, false},
                                         Variant{Which::Multi, true},
                                         Variant{Which::NoPerfmon, false},
                                         Variant{Which::NoPerfmon, true}),
                         [](const auto& info) {
                           const char* which = info.param.which == Which::Single  ? "Single"
                                               : info.param.which == Which::Multi ? "Multi"
                                                                                  : "Modest";
                           return std::string(which) + (info.param.each ? "Each" : "Batch");
                         });

TEST_P(TaiTest, TheSendTimeIsCLOCK_TAI) {
  packet::FrameSpec spec = plain_spec(packet::Family::V4, 128);
  spec.signature_flags = XTG_SIG_F_TAI | (GetParam().each ? XTG_SIG_F_STAMP_EACH : 0);
  const packet::Frame frame = packet::build(spec, {}).value();
  Program program({.frames = {frame}, .which = GetParam().which});
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 2;
  std::uint64_t batch_ns = 0;
  for (std::uint64_t k = 0; k < 6; k++) {
    const std::uint64_t before = tai_ns();
    const Outcome out = program.run();
    const std::uint64_t after = tai_ns(), sent = sent_at(out);
    EXPECT_EQ(out.bytes, packet::render(frame, k, 0, sent)) << k;
    if (GetParam().each || k % 2 == 0) {
      EXPECT_GE(sent, before) << k;
      EXPECT_LE(sent, after) << k;
      batch_ns = sent;
    } else {
      EXPECT_EQ(sent, batch_ns) << k;
    }
  }
}

} // namespace
} // namespace xtg::test
