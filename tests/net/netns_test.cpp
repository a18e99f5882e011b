// SPDX-License-Identifier: BSD-2-Clause
#include "net/netns.h"

#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;

class NetNsTest : public NetTest {};

TEST_F(NetNsTest, PrivateOneIsEmptyAndNew) {
  auto here = NetNs::current();
  ASSERT_OK(here);
  auto ns = NetNs::create_private();
  ASSERT_OK(ns);
  EXPECT_NE(ns->inode(), here->inode());
  auto inside = ns->run([] { return NetNs::current(); });
  ASSERT_OK(inside);
  EXPECT_EQ(inside->inode(), ns->inode());
  auto lo = ns->run([] { return interface_facts("lo"); });
  ASSERT_OK(lo);
  EXPECT_FALSE(lo->up);
  auto still_here = NetNs::current();
  ASSERT_OK(still_here);
  EXPECT_EQ(still_here->inode(), here->inode()) << "run() moved the caller";
}

TEST_F(NetNsTest, EnterMovesTheCallingThread) {
  EXPECT_EQ(in_child([]() -> std::string {
              auto ns = NetNs::create_private();
              if (!ns) return ns.error().message();
              if (auto ok = ns->enter(); !ok) return ok.error().message();
              auto now = NetNs::current();
              return now && now->inode() == ns->inode() ? "" : "not there";
            }),
            "");
}

TEST_F(NetNsTest, EnterWhereOneIsNeedsNoPrivilege) {
  EXPECT_EQ(in_child([]() -> std::string {
              auto here = NetNs::current();
              auto other = NetNs::create_private();
              if (!here || !other) return "set-up";
              if (!keep_only({})) return "capset";
              if (auto ok = here->enter(); !ok) return ok.error().message();
              auto refused = other->enter();
              return !refused && refused.error().code == Errc::NoPermission ? "" : "not refused";
            }),
            "");
}

TEST_F(NetNsTest, NamedOneIsWhatIpShows) {
  const std::string name = unique_name("named");
  {
    auto ns = NamedNetNs::create(name);
    ASSERT_OK(ns);
    EXPECT_TRUE(run_ip(name, "link show lo >/dev/null"));
    auto opened = NetNs::open(name);
    ASSERT_OK(opened);
    EXPECT_EQ(opened->inode(), ns->ns().inode());
    auto again = NetNs::create_named(name);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().sys, EEXIST);
    EXPECT_OK(NetNs::open(name)) << "a failed second creation took the first away";
  }
  auto gone = NetNs::open(name);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::NotFound);
}

TEST_F(NetNsTest, TakesAndLeavesNamesOfIp) {
  const std::string name = unique_name("byip");
  ASSERT_EQ(std::system(("ip netns add " + name).c_str()), 0);
  EXPECT_OK(NetNs::open(name));
  EXPECT_OK(NetNs::remove_named(name));
  ASSERT_OK(NetNs::create_named(name));
  EXPECT_EQ(std::system(("ip netns del " + name).c_str()), 0);
  auto gone = NetNs::remove_named(name);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::NotFound);
}

TEST_F(NetNsTest, MovedFromNameRemovesNothing) {
  auto first = NamedNetNs::create(unique_name("moved"));
  ASSERT_OK(first);
  {
    NamedNetNs second(std::move(*first));
    EXPECT_EQ(second.name(), unique_name("moved"));
    EXPECT_OK(NetNs::open(second.name()));
  }
  EXPECT_FALSE(NetNs::open(unique_name("moved")));
}

TEST(NetNsName, RefusesPaths) {
  for (const char* name : {"", ".", "..", "../proc", "a/b"}) {
    auto ns = NetNs::open(name);
    ASSERT_FALSE(ns) << name;
    EXPECT_EQ(ns.error().code, Errc::InvalidArgument) << name;
  }
}

TEST_F(NetNsTest, OfAProcess) {
  auto ns = NetNs::create_private();
  ASSERT_OK(ns);
  Inhabitant somebody(*ns);
  ASSERT_TRUE(somebody.there());
  auto found = NetNs::of_pid(somebody.pid());
  ASSERT_OK(found);
  EXPECT_EQ(found->inode(), ns->inode());
}

} // namespace
} // namespace xtg::net
