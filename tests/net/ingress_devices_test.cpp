// SPDX-License-Identifier: BSD-2-Clause
#include "net/ingress_devices.h"

#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;

class IngressDevicesTest : public NetTest {};

/// Empty when the devices are there, of the kind wanted, and the first takes a native program.
std::string check_devices(const IngressDevices& devices, const std::string& kind) {
  auto checked = devices.run([&]() -> Status {
    for (unsigned i = 0; i < devices.count(); ++i) {
      auto facts = interface_facts(devices.base_ifindex() + static_cast<int>(i));
      if (!facts) return forward(std::move(facts), "device");
      if (facts->kind != kind) return fail(Errc::Internal, "kind is " + facts->kind);
      if (facts->up) return fail(Errc::Internal, "is up");
    }
    auto attached = attach_pass(devices.base_ifindex(), XDP_FLAGS_DRV_MODE);
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

TEST_F(IngressDevicesTest, LiesInAPrivateNamespace) {
  auto here = NetNs::current();
  ASSERT_OK(here);
  auto devices = IngressDevices::create(5);
  ASSERT_OK(devices);
  EXPECT_TRUE(devices->is_private());
  EXPECT_EQ(devices->count(), 5U);
  EXPECT_EQ(devices->base_ifindex() & 0xff, 0);
  EXPECT_GE(devices->base_ifindex(), 0x40000000);
  EXPECT_EQ(check_devices(*devices, "veth"), "");
  auto outside = link_state(devices->base_ifindex());
  ASSERT_OK(outside);
  EXPECT_FALSE(outside->exists) << "a device strayed into the caller's namespace";
  EXPECT_EQ(in_child([&]() -> std::string {
              if (auto ok = devices->enter(); !ok) return ok.error().message();
              auto state = link_state(devices->base_ifindex() + 4);
              return state && state->exists ? "" : "not there";
            }),
            "");
}

/// Writes to a file; false when that fails.
bool write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fputs(text.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

TEST_F(IngressDevicesTest, HereReceivesOnTheSendingCpu) {
  constexpr const char* kMask = "/proc/sys/net/core/rps_default_mask"; // Linux 6.3
  if (access(kMask, F_OK) != 0) GTEST_SKIP() << "this kernel has no default for RPS";
  EXPECT_EQ(in_child([]() -> std::string {
              auto ns = NetNs::create_private();
              if (!ns) return ns.error().message();
              if (auto ok = ns->enter(); !ok) return ok.error().message();
              if (unshare(CLONE_NEWNS) != 0 ||
                  mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                  mount("none", "/sys", "sysfs", 0, nullptr) != 0)
                return "mount sysfs";
              if (!write_file(kMask, "1")) return "set the default";
              auto devices = IngressDevices::create_here(2);
              if (!devices) return devices.error().message();
              if (auto bad = check_devices(*devices, "veth"); !bad.empty()) return bad;
              std::array<char, IF_NAMESIZE> name{};
              for (int i = 0; i < 2; i++) {
                if (if_indextoname(static_cast<unsigned>(devices->base_ifindex() + i),
                                   name.data()) == nullptr)
                  return "no name";
                const std::string mask =
                    read_file(fmt::format("/sys/class/net/{}/queues/rx-0/rps_cpus", name.data()));
                if (mask.empty() || mask.find_first_not_of("0,") != std::string::npos)
                  return "receives by " + mask;
              }
              return "";
            }),
            "");
}

TEST_F(IngressDevicesTest, TwoDoNotCollide) {
  auto one = IngressDevices::create(1);
  auto two = IngressDevices::create(1);
  ASSERT_OK(one);
  ASSERT_OK(two);
  EXPECT_NE(one->base_ifindex(), two->base_ifindex());
}

TEST_F(IngressDevicesTest, TakesAllItsIndexesAndNoMore) {
  auto full = IngressDevices::create(IngressDevices::kMaxCount);
  ASSERT_OK(full);
  auto last = full->run([&] { return link_state(full->base_ifindex() + 255); });
  ASSERT_OK(last);
  EXPECT_TRUE(last->exists);
  EXPECT_FALSE(IngressDevices::create(IngressDevices::kMaxCount + 1));
  EXPECT_FALSE(IngressDevices::create(0));
}

TEST_F(IngressDevicesTest, WithoutSysAdminLiesWhereTheCallerIs) {
  EXPECT_EQ(in_child([]() -> std::string {
              auto ns = NetNs::create_private(); // so that nothing happens to the machine's own
              if (!ns) return ns.error().message();
              if (auto ok = ns->enter(); !ok) return ok.error().message();
              if (!keep_only({CAP_NET_ADMIN, CAP_BPF, CAP_DAC_OVERRIDE})) return "capset";
              int base = 0;
              {
                auto devices = IngressDevices::create(3);
                if (!devices) return devices.error().message();
                if (devices->is_private()) return "private";
                if (auto ok = devices->enter(); !ok) return ok.error().message();
                base = devices->base_ifindex();
                if (auto bad = check_devices(*devices, "tun"); !bad.empty()) return bad;
              }
              auto state = link_state(base);
              return state && !state->exists ? "" : "left behind";
            }),
            "");
}

TEST_F(IngressDevicesTest, PrivateNamespaceNeedsNoTun) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!hide_tun()) return "hide /dev/net";
              auto devices = IngressDevices::create(3);
              if (!devices) return devices.error().message();
              return devices->is_private() ? check_devices(*devices, "veth") : "not private";
            }),
            "");
}

TEST_F(IngressDevicesTest, SaysWhatIsMissing) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!hide_tun()) return "hide /dev/net";
              if (!keep_only({CAP_NET_ADMIN})) return "capset";
              auto devices = IngressDevices::create(1);
              return devices ? "made" : devices.error().message();
            }),
            "/dev/net/tun is missing (kernel module tun), and CAP_SYS_ADMIN for a private network "
            "namespace is missing");
  EXPECT_EQ(
      in_child([]() -> std::string {
        if (!keep_only({CAP_DAC_OVERRIDE})) return "capset";
        auto devices = IngressDevices::create(1);
        if (devices) return "made";
        return devices.error().code == Errc::NoPermission ? devices.error().what : "wrong kind";
      }),
      "CAP_NET_ADMIN to create TAP devices is missing, and CAP_SYS_ADMIN for a private network "
      "namespace is missing");
}

} // namespace
} // namespace xtg::net
