// SPDX-License-Identifier: BSD-2-Clause
#include "net/anchor.h"

#include <sched.h>
#include <sys/mount.h>

#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;

class AnchorTest : public NetTest {};

/// Empty when the devices are there, of the kind wanted, and the first takes a native program.
std::string check_devices(const Anchor& anchor, const std::string& kind) {
  auto checked = anchor.run([&]() -> Status {
    for (unsigned i = 0; i < anchor.count(); ++i) {
      auto facts = interface_facts(anchor.base_ifindex() + static_cast<int>(i));
      if (!facts) return forward(std::move(facts), "device");
      if (facts->kind != kind) return fail(Errc::Internal, "kind is " + facts->kind);
      if (facts->up) return fail(Errc::Internal, "is up");
    }
    auto attached = attach_pass(anchor.base_ifindex(), XDP_FLAGS_DRV_MODE);
    if (!attached) return forward(std::move(attached), "first device");
    return {};
  });
  return checked ? "" : checked.error().message();
}

/// Hides /dev/net from this process; false when that fails.
bool hide_tun() {
  return unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", "/dev/net", "tmpfs", 0, nullptr) == 0;
}

TEST_F(AnchorTest, LiesInAPrivateNamespace) {
  auto here = NetNs::current();
  ASSERT_OK(here);
  auto anchor = Anchor::create(5);
  ASSERT_OK(anchor);
  EXPECT_TRUE(anchor->is_private());
  EXPECT_EQ(anchor->count(), 5U);
  EXPECT_EQ(anchor->base_ifindex() & 0xff, 0);
  EXPECT_GE(anchor->base_ifindex(), 0x40000000);
  EXPECT_EQ(check_devices(*anchor, "veth"), "");
  auto outside = link_state(anchor->base_ifindex());
  ASSERT_OK(outside);
  EXPECT_FALSE(outside->exists) << "a device strayed into the caller's namespace";
  EXPECT_EQ(in_child([&]() -> std::string {
              if (auto ok = anchor->enter(); !ok) return ok.error().message();
              auto state = link_state(anchor->base_ifindex() + 4);
              return state && state->exists ? "" : "not there";
            }),
            "");
}

TEST_F(AnchorTest, TwoDoNotCollide) {
  auto one = Anchor::create(1);
  auto two = Anchor::create(1);
  ASSERT_OK(one);
  ASSERT_OK(two);
  EXPECT_NE(one->base_ifindex(), two->base_ifindex());
}

TEST_F(AnchorTest, TakesAllItsIndexesAndNoMore) {
  auto full = Anchor::create(Anchor::kMaxCount);
  ASSERT_OK(full);
  auto last = full->run([&] { return link_state(full->base_ifindex() + 255); });
  ASSERT_OK(last);
  EXPECT_TRUE(last->exists);
  EXPECT_FALSE(Anchor::create(Anchor::kMaxCount + 1));
  EXPECT_FALSE(Anchor::create(0));
}

TEST_F(AnchorTest, WithoutSysAdminLiesWhereTheCallerIs) {
  EXPECT_EQ(in_child([]() -> std::string {
              auto ns = NetNs::create_private(); // so that nothing happens to the machine's own
              if (!ns) return ns.error().message();
              if (auto ok = ns->enter(); !ok) return ok.error().message();
              if (!keep_only({CAP_NET_ADMIN, CAP_BPF, CAP_DAC_OVERRIDE})) return "capset";
              int base = 0;
              {
                auto anchor = Anchor::create(3);
                if (!anchor) return anchor.error().message();
                if (anchor->is_private()) return "private";
                if (auto ok = anchor->enter(); !ok) return ok.error().message();
                base = anchor->base_ifindex();
                if (auto bad = check_devices(*anchor, "tun"); !bad.empty()) return bad;
              }
              auto state = link_state(base);
              return state && !state->exists ? "" : "left behind";
            }),
            "");
}

TEST_F(AnchorTest, PrivateNamespaceNeedsNoTun) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!hide_tun()) return "hide /dev/net";
              auto anchor = Anchor::create(3);
              if (!anchor) return anchor.error().message();
              return anchor->is_private() ? check_devices(*anchor, "veth") : "not private";
            }),
            "");
}

TEST_F(AnchorTest, SaysWhatIsMissing) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!hide_tun()) return "hide /dev/net";
              if (!keep_only({CAP_NET_ADMIN})) return "capset";
              auto anchor = Anchor::create(1);
              return anchor ? "made" : anchor.error().message();
            }),
            "/dev/net/tun is missing (kernel module tun), and CAP_SYS_ADMIN for a private network "
            "namespace is missing");
  EXPECT_EQ(
      in_child([]() -> std::string {
        if (!keep_only({CAP_DAC_OVERRIDE})) return "capset";
        auto anchor = Anchor::create(1);
        if (anchor) return "made";
        return anchor.error().code == Errc::NoPermission ? anchor.error().what : "wrong kind";
      }),
      "CAP_NET_ADMIN to create TAP devices is missing, and CAP_SYS_ADMIN for a private network "
      "namespace is missing");
}

} // namespace
} // namespace xtg::net
