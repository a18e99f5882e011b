// SPDX-License-Identifier: BSD-2-Clause
#include "net/veth_test_bed.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <random>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "core/unique_fd.h"
#include "net/interface.h"
#include "net/neighbour.h"
#include "net/veth.h"

namespace xtg::net {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint32_t kMinIpv6Mtu = 1280;
constexpr unsigned kPrefixV4 = 30;
constexpr unsigned kPrefixV6 = 64;

packet::Ip v4(std::uint8_t last) {
  return {packet::Family::V4, {198, 18, 0, last}};
}

packet::Ip v6(std::uint8_t last) {
  packet::Ip ip{packet::Family::V6, {0x20, 0x01, 0x00, 0x02}};
  ip.bytes[15] = last;
  return ip;
}

/// Locally administered, and telling the end by its last byte.
packet::Mac mac(std::uint8_t last) {
  return {{0x02, 0x00, 198, 18, 0, last}};
}

bool has_ipv6() {
  return access("/proc/sys/net/ipv6", F_OK) == 0;
}

Status write_file(int dir, const std::string& path, std::string_view text) {
  UniqueFd fd(openat(dir, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || write(fd.get(), text.data(), text.size()) < 0)
    return fail_sys(errno, fmt::format("write {}", path));
  return {};
}

/// Settings of the calling thread's namespace for links that come after. Where /proc/sys is
/// read-only the wire works as well, it is only not as silent.
void hush_ipv6() {
  const auto set = [](const char* name, const char* value) {
    (void)write_file(AT_FDCWD, fmt::format("/proc/sys/net/ipv6/{}", name), value);
  };
  // Groups joined are reported twice; the second time after at most these milliseconds.
  set("conf/default/mldv1_unsolicited_report_interval", "1");
  set("conf/default/mldv2_unsolicited_report_interval", "1");
  set("conf/default/disable_ipv6", "0");
  set("conf/default/accept_dad", "0");
  set("conf/default/accept_ra", "0");
  set("conf/default/router_solicitations", "0");
}

/// In the end's namespace: addresses and the way to the other end.
Status address(const VethTestBedEnd& self, const VethTestBedEnd& other, bool ipv6) {
  if (auto ok = add_address(self.name, self.v4, kPrefixV4); !ok) return ok;
  if (auto ok = set_neighbour(self.ifindex, other.v4, other.mac); !ok) return ok;
  if (!ipv6) return {};
  if (auto ok = add_address(self.name, self.v6, kPrefixV6); !ok) return ok;
  return set_neighbour(self.ifindex, other.v6, other.mac);
}

/// In the end's namespace: raises the link.
Status raise(VethTestBedEnd& end, bool ipv6) {
  auto facts = interface_facts(end.name);
  if (!facts) return tl::unexpected<Error>(std::move(facts.error()));
  end.ifindex = facts->ifindex;
  if (ipv6) {
    if (auto ok = change_link(end.name, {.up = {}, .mtu = {}, .auto_ipv6 = false}); !ok) return ok;
  }
  return change_link(end.name, {.up = true, .mtu = {}, .auto_ipv6 = {}});
}

Status wait_running(const VethTestBedEnd& end) {
  constexpr auto kPatience = 3s;
  for (const auto deadline = Clock::now() + kPatience;;) {
    auto state = link_state(end.ifindex);
    if (!state) return tl::unexpected<Error>(std::move(state.error()));
    if (state->running) return {};
    if (Clock::now() > deadline)
      return fail(Errc::Timeout, fmt::format("{} does not come up", end.name));
    std::this_thread::sleep_for(2ms);
  }
}

/// Waits until nothing has passed the end, either way, for a while.
Status wait_silent(const VethTestBedEnd& end) {
  constexpr auto kSilence = 25ms, kPatience = 500ms;
  std::uint64_t last = 0;
  const auto start = Clock::now();
  for (auto since = start; Clock::now() - since < kSilence && Clock::now() - start < kPatience;) {
    auto counters = link_counters(end.ifindex);
    if (!counters) return tl::unexpected<Error>(std::move(counters.error()));
    if (const auto now = counters->tx_packets + counters->rx_packets; now != last) {
      last = now;
      since = Clock::now();
    }
    std::this_thread::sleep_for(4ms);
  }
  return {};
}

/// In the end's namespace. The mounted /sys belongs to another one, so this goes through a mount of
/// its own that is seen nowhere and ends with its descriptor.
Status set_threaded(const VethTestBedEnd& end) {
  UniqueFd context(fsopen("sysfs", FSOPEN_CLOEXEC));
  if (!context.valid() || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_sys(errno, "make a sysfs mount");
  UniqueFd root(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!root.valid()) return fail_sys(errno, "make a sysfs mount");
  return write_file(root.get(), fmt::format("class/net/{}/threaded", end.name), "1");
}

} // namespace

Status VethTestBed::build(const VethTestBedSpec& spec) {
  near_ = {.name = spec.near_name, .ifindex = 0, .mac = mac(1), .v4 = v4(1), .v6 = v6(1)};
  far_ = {.name = spec.far_name, .ifindex = 0, .mac = mac(2), .v4 = v4(2), .v6 = v6(2)};
  ipv6_ = has_ipv6() && spec.mtu >= kMinIpv6Mtu;

  // The settings come first, so that the links are born with them.
  for (const NetNs* ns : {&near_ns(), &far_ns()}) {
    auto ok = ns->run([]() -> Status {
      hush_ipv6();
      return {};
    });
    if (!ok) return ok;
  }
  Status made = create_veth({.near = {near_.name, &near_ns(), near_.mac, 0},
                             .far = {far_.name, &far_ns(), far_.mac, 0},
                             .queues = spec.queues,
                             .mtu = spec.mtu,
                             .up = false});
  if (!made) return made;
  if (auto ok = set_gro(far_ns(), far_.name, spec.gro); !ok) return ok;

  if (auto ok = near_ns().run([&] { return raise(near_, ipv6_); }); !ok) return ok;
  if (auto ok = far_ns().run([&] { return raise(far_, ipv6_); }); !ok) return ok;
  auto near_ok = near_ns().run([&]() -> Status {
    if (auto ok = wait_running(near_); !ok) return ok;
    return address(near_, far_, ipv6_);
  });
  if (!near_ok) return near_ok;
  auto far_ok = far_ns().run([&]() -> Status {
    if (auto ok = wait_running(far_); !ok) return ok;
    if (spec.threaded) {
      if (auto ok = set_threaded(far_); !ok) return ok;
    }
    return address(far_, near_, ipv6_);
  });
  if (!far_ok) return far_ok;
  return near_ns().run([&] { return wait_silent(near_); });
}

Result<VethTestBed> VethTestBed::create(const VethTestBedSpec& spec) {
  const std::string id = fmt::format("xtg-{:x}-{:04x}", getpid(), std::random_device{}() & 0xffff);
  auto near_ns = NamedNetNs::create(id + "-near");
  if (!near_ns) return forward(std::move(near_ns), "make a wire");
  auto far_ns = NamedNetNs::create(id + "-far");
  if (!far_ns) return forward(std::move(far_ns), "make a wire");
  VethTestBed bed(std::move(*near_ns), std::move(*far_ns));
  if (auto ok = bed.build(spec); !ok) return forward(std::move(ok), "make a wire");
  return bed;
}

} // namespace xtg::net
