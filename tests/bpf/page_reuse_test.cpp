// SPDX-License-Identifier: BSD-2-Clause
// What live mode does with frames that a driver has changed: tried on the running kernel.
#include "xdp/page_reuse.h"

#include <fmt/format.h>
#include <unistd.h>

#include "net/netns.h"
#include "net/veth.h"
#include "program.h"

namespace xtg::test {
namespace {

class PageReuseTest : public BpfTest {
protected:
  void SetUp() override {
    XTG_REQUIRE_CAPS("bpf");
    XTG_REQUIRE_CAPS("netns");
  }
};

/// Every kernel that has been seen either puts such frames right or does so where the program has
/// changed the packet's bounds, which is what the send programs can do.
TEST_F(PageReuseTest, HasAnAnswerThatCanBeLivedWith) {
  auto ns = net::NetNs::create_private();
  ASSERT_TRUE(ns) << ns.error().message();
  const auto found = ns->run([]() -> Result<plan::PageReuse> {
    auto pair = net::create_veth({.near = {"near", nullptr, {}, 10},
                                  .far = {"far", nullptr, {}, 11},
                                  .queues = 1,
                                  .mtu = 1500,
                                  .up = true});
    if (!pair) return tl::unexpected<Error>(std::move(pair.error()));
    return xdp::probe_page_reuse(10, 11);
  });
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_NE(*found, plan::PageReuse::Never);
  RecordProperty("found", *found == plan::PageReuse::Renewed ? "renewed" : "on change");
}

TEST_F(PageReuseTest, SaysWhatKeepsItFromTrying) {
  const auto found = xdp::probe_page_reuse(0x7fffff00, 0x7fffff01);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("drop program"), std::string::npos)
      << found.error().message();
}

} // namespace
} // namespace xtg::test
