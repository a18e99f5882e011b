// SPDX-License-Identifier: BSD-2-Clause
// How much of a program the verifier looks at decides how soon a run starts: about a millisecond
// for 1,000 instructions. The number depends on the program and the kernel alone.
#include <filesystem>
#include <string>
#include <string_view>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "program.h"
#include "reflect_program.h"
#include "rx_program.h"
#include "tcp_program.h"

namespace xtg::test {

namespace {

/// Of a program that this process has loaded; 0: there is none.
std::uint32_t verified(std::string_view name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const auto fd = parse_unsigned<int>(entry.path().filename().string());
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    if (!fd || bpf_obj_get_info_by_fd(*fd, &info, &size) != 0) continue;
    if (name == std::string_view(info.name) && info.verified_insns != 0) return info.verified_insns;
  }
  return 0;
}

void expect_few(std::string_view name, std::uint32_t most) {
  const std::uint32_t count = verified(name);
  EXPECT_GT(count, 0U) << name << " is not loaded";
  EXPECT_LT(count, most) << name;
}

class VerifiedTest : public BpfTest {};

TEST_F(VerifiedTest, Receive) {
  const RxProgram program(RxSetup{});
  expect_few("xtg_rx", 40'000);
}

TEST_F(VerifiedTest, ReceiveByTc) {
  const RxProgram program({.by_tc = true});
  expect_few("xtg_rx", 100'000);
}

TEST_F(VerifiedTest, Reflect) {
  const ReflectProgram program(ReflectSetup{});
  expect_few("xtg_reflect", 20'000);
}

TEST_F(VerifiedTest, ReflectByTc) {
  const ReflectProgram program({.by_tc = true});
  expect_few("xtg_reflect", 20'000);
}

TEST_F(VerifiedTest, Tcp) {
  const TcpProgram program({.header = tcp_header(packet::Family::V4, false)});
  ASSERT_TRUE(program.ok()) << program.error();
  expect_few("xtg_tcp_tx", 60'000);
  expect_few("xtg_tcp_rx", 6'000);
}

} // namespace

} // namespace xtg::test
