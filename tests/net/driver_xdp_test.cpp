// SPDX-License-Identifier: BSD-2-Clause
#include "net/driver_xdp.h"

#include <cerrno>

#include "net_test.h"
#include "xdp/drop_sink.h"
#include "xdp/pass_program.h"

namespace xtg::net {
namespace {

using namespace test;

/// A veth pair, whose driver takes programs unless the peer's MTU is too large for a page.
class DriverXdpTest : public NetTest {
protected:
  void SetUp() override {
    XTG_REQUIRE_CAPS("netns");
    auto made = NamedNetNs::create(unique_name("xdp"));
    ASSERT_OK(made);
    ns_.emplace(std::move(*made));
    ASSERT_OK(create_veth({.near = {"v0", &ns_->ns(), mac("02:00:00:00:00:01"), 66},
                           .far = {"v1", &ns_->ns(), mac("02:00:00:00:00:02"), 77},
                           .queues = 1,
                           .mtu = 1500,
                           .up = true}));
    auto program = xdp::load_pass_program("xtg_pass", false);
    ASSERT_OK(program);
    program_ = std::move(*program);
  }
  Result<plan::XdpAnswer> ask(int ifindex = 66) {
    return ns_->ns().run([&] { return ask_driver(ifindex, program_.get()); });
  }
  std::vector<std::uint32_t> attached() {
    auto facts = ns_->ns().run([] { return interface_facts("v0"); });
    return facts ? facts->xdp_prog_ids : std::vector<std::uint32_t>{0};
  }

  std::optional<NamedNetNs> ns_;
  UniqueFd program_;
};

TEST_F(DriverXdpTest, OneThatTakesItKeepsNothing) {
  const auto answer = ask();
  ASSERT_OK(answer);
  EXPECT_TRUE(answer->takes);
  EXPECT_TRUE(attached().empty());
}

TEST_F(DriverXdpTest, TellsTheDriversWords) {
  ASSERT_TRUE(run_ip(ns_->name(), "link set dev v1 mtu 9000"));
  const auto answer = ask();
  ASSERT_OK(answer);
  EXPECT_FALSE(answer->takes);
  EXPECT_EQ(answer->error, ERANGE);
  EXPECT_NE(answer->words.find("MTU is too large"), std::string::npos) << answer->words;
}

TEST_F(DriverXdpTest, ADriverWithoutXdp) {
  ASSERT_TRUE(run_ip(ns_->name(), "link add d0 index 88 type bridge"));
  const auto answer = ask(88);
  ASSERT_OK(answer);
  EXPECT_FALSE(answer->takes);
  EXPECT_EQ(answer->error, EOPNOTSUPP);
}

TEST_F(DriverXdpTest, OthersProgramsStay) {
  auto first = ns_->ns().run([&] { return xdp::DropSink::attach(66); });
  ASSERT_OK(first);
  const auto before = attached();
  ASSERT_EQ(before.size(), 1U);
  const auto answer = ask();
  ASSERT_FALSE(answer);
  EXPECT_EQ(attached(), before);
}

TEST_F(DriverXdpTest, NoSuchInterface) {
  EXPECT_FALSE(ask(99));
}

} // namespace
} // namespace xtg::net
