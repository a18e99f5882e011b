// SPDX-License-Identifier: BSD-2-Clause
// A tc program as a filter of clsact, which leaves an interface as it was: also when its process is
// killed. This is how programs get to tc ingress before Linux 6.6.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/tc_filter.h"
#include "net/veth_test_bed.h"
#include "program.h"

namespace xtg::test {
namespace {

class TcFilterTest : public BpfTest {
protected:
  void SetUp() override {
    BpfTest::SetUp();
    if (IsSkipped()) return;
    if (std::system("command -v tc >/dev/null") != 0) GTEST_SKIP() << "needs tc";
    auto bed = net::VethTestBed::create({});
    ASSERT_TRUE(bed) << bed.error().message();
    bed_.emplace(std::move(*bed));
    // return -1, which runs the next filter
    std::array<bpf_insn, 2> code{};
    code[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
    code[0].imm = -1;
    code[1].code = BPF_JMP | BPF_EXIT;
    program_.reset(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "xtg_next", "GPL", code.data(),
                                 code.size(), nullptr));
    ASSERT_TRUE(program_.valid());
  }

  /// In the test bed's near namespace.
  std::string tc(const std::string& args) {
    return bed_->near_ns()
        .run([&]() -> Result<std::string> {
          std::string out;
          std::FILE* pipe = popen(("tc " + args + " 2>&1").c_str(), "r");
          std::array<char, 512> piece{};
          while (std::fgets(piece.data(), piece.size(), pipe) != nullptr)
            out += piece.data();
          pclose(pipe);
          return out;
        })
        .value();
  }
  std::string filters() { return tc(fmt::format("filter show dev {} ingress", name())); }
  bool has_clsact() { return tc("qdisc show dev " + name()).find("clsact") != std::string::npos; }
  bool has_ours() { return filters().find("xtg_mine") != std::string::npos; }
  [[nodiscard]] const std::string& name() const { return bed_->near().name; }
  Result<net::TcFilter> attach(const char* filter = "xtg_mine") {
    return bed_->near_ns().run(
        [&] { return net::TcFilter::attach(program_.get(), bed_->near().ifindex, filter); });
  }

  std::optional<net::VethTestBed> bed_;
  UniqueFd program_;
};

TEST_F(TcFilterTest, LeavesNothing) {
  {
    const auto filter = attach();
    ASSERT_TRUE(filter) << filter.error().message();
    EXPECT_TRUE(has_ours()) << filters();
    EXPECT_TRUE(has_clsact());
    const auto second = attach();
    ASSERT_TRUE(second) << second.error().message();
  }
  EXPECT_EQ(filters(), "");
  EXPECT_FALSE(has_clsact());
}

TEST_F(TcFilterTest, LeavesWhatIsOfOthers) {
  ASSERT_EQ(tc("qdisc add dev " + name() + " clsact"), "");
  {
    const auto other = attach("xtg_other");
    ASSERT_TRUE(other) << other.error().message();
    const std::string before = filters();
    {
      const auto filter = attach();
      ASSERT_TRUE(filter) << filter.error().message();
      EXPECT_LT(filters().find("xtg_mine"), filters().find("xtg_other")) << "goes first";
    }
    EXPECT_EQ(filters(), before);
  }
  EXPECT_TRUE(has_clsact()) << "was there before";
  ASSERT_EQ(tc("qdisc del dev " + name() + " clsact"), "");
  auto filter = attach();
  ASSERT_TRUE(filter) << filter.error().message();
  const auto other = attach("xtg_other");
  ASSERT_TRUE(other) << other.error().message();
  filter = fail(Errc::System, "gone");
  EXPECT_FALSE(has_ours());
  EXPECT_NE(filters().find("xtg_other"), std::string::npos) << "in the clsact that was ours";
}

TEST_F(TcFilterTest, LeavesNothingWhenItsProcessIsKilled) {
  const pid_t child = fork();
  if (child == 0) {
    const auto filter = attach();
    if (filter) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  for (int i = 0; i < 3'000 && has_clsact(); i++)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(has_clsact());
  EXPECT_EQ(filters(), "");
}

} // namespace
} // namespace xtg::test
