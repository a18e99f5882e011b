// SPDX-License-Identifier: BSD-2-Clause
#include "net/ingress_devices.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <random>
#include <string>

#include <fmt/format.h>

#include "net/veth.h"

namespace xtg::net {

namespace {

constexpr const char* kTun = "/dev/net/tun";
constexpr int kTries = 8; // attempts, each with another range of indexes

/// Far above the indexes that the kernel assigns, and different in every run.
int random_base() {
  return static_cast<int>(0x40000000U | ((std::random_device{}() & 0x3fffffU) << 8));
}

std::string device_name(int base, unsigned i) {
  return fmt::format("xtg{:x}-{}", (base >> 8) & 0x3fffff, i);
}

Result<UniqueFd> open_tun() {
  UniqueFd fd(open(kTun, O_RDWR | O_CLOEXEC));
  if (fd.valid()) return fd;
  if (errno == EPERM || errno == EACCES)
    return fail_sys(errno, fmt::format("{} cannot be opened (mode 0666 is usual)", kTun));
  if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
    return fail(Errc::NotSupported, fmt::format("{} is missing (kernel module tun)", kTun));
  return fail_sys(errno, fmt::format("open {}", kTun));
}

Result<UniqueFd> make_tap(int base, unsigned i) {
  auto fd = open_tun();
  if (!fd) return fd;
  const std::string name = device_name(base, i);
  const unsigned index = static_cast<unsigned>(base) + i;
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::copy(name.begin(), name.end(), request.ifr_name);
  if (ioctl(fd->get(), TUNSETIFINDEX, &index) != 0 || ioctl(fd->get(), TUNSETIFF, &request) != 0) {
    if (errno == EPERM) return fail_sys(errno, "CAP_NET_ADMIN to create TAP devices is missing");
    return fail_sys(errno, fmt::format("create TAP device {}", name));
  }
  return fd;
}

Result<std::vector<UniqueFd>> make_taps(int base, unsigned count) {
  std::vector<UniqueFd> taps;
  for (unsigned i = 0; i < count; ++i) {
    auto tap = make_tap(base, i);
    if (!tap) return tl::unexpected<Error>(std::move(tap.error()));
    taps.push_back(std::move(*tap));
  }
  return taps;
}

/// In a new private namespace, where no index is in use; the devices end with the namespace, even
/// if only their other ends are in it.
Status make_veths(int base, unsigned count, const NetNs* far = nullptr) {
  for (unsigned i = 0; i < count; ++i) {
    auto made =
        create_veth({.near = {device_name(base, i), nullptr, {}, base + static_cast<int>(i)},
                     .far = {fmt::format("far{}", i), far, {}, 0},
                     .queues = 1,
                     .mtu = 1500,
                     .up = false});
    if (!made) return made;
  }
  return {};
}

/// A device that is created in this namespace gets an RPS mask (net.core.rps_default_mask, Linux
/// 6.3), by which other CPUs receive its frames, and lose them if it is down.
bool has_default_rps() {
  std::ifstream file("/proc/sys/net/core/rps_default_mask");
  std::string mask;
  return std::getline(file, mask) && mask.find_first_not_of("0,") != std::string::npos;
}

/// Makes them in `far`, where they get no such mask, and moves the near ends here, which takes some
/// 20 ms for each.
Status move_veths_here(int base, unsigned count, const NetNs& far) {
  const auto here = NetNs::current();
  if (!here) return tl::unexpected<Error>(here.error());
  return far.run([&] {
    auto done = make_veths(base, count);
    for (unsigned i = 0; done && i < count; ++i)
      done = move_link(device_name(base, i), *here);
    return done;
  });
}

/// `base` is set to the first index of the free range.
Result<std::vector<UniqueFd>> make_taps_anywhere(int& base, unsigned count) {
  for (int i = 1;; ++i) {
    base = random_base();
    auto taps = make_taps(base, count);
    const bool taken = !taps && (taps.error().sys == EBUSY || taps.error().sys == EEXIST);
    if (!taken || i == kTries) return taps;
  }
}

} // namespace

Result<IngressDevices> IngressDevices::create(unsigned count) {
  if (count == 0 || count > kMaxCount)
    return fail(Errc::Internal,
                fmt::format("1 to {} ingress devices are possible, not {}", kMaxCount, count));
  int base = random_base();
  auto ns = NetNs::create_private();
  if (!ns) {
    auto taps = make_taps_anywhere(base, count);
    if (taps) return IngressDevices({}, std::move(*taps), base, count);
    Error error = std::move(taps.error());
    if (ns.error().code == Errc::NoPermission)
      error.what += ", and CAP_SYS_ADMIN for a private network namespace is missing";
    return tl::unexpected<Error>(std::move(error));
  }
  auto veths = ns->run([&] { return make_veths(base, count); });
  if (veths) return IngressDevices(std::move(*ns), {}, base, count);
  if (veths.error().code == Errc::NoPermission)
    return fail_sys(veths.error().sys, "create devices, which needs CAP_NET_ADMIN");
  auto taps = ns->run([&] { return make_taps_anywhere(base, count); });
  if (taps) return IngressDevices(std::move(*ns), std::move(*taps), base, count);
  Error error = std::move(taps.error());
  error.what += fmt::format(", and no veth instead: {}", veths.error().what);
  return tl::unexpected<Error>(std::move(error));
}

Result<IngressDevices> IngressDevices::create_here(unsigned count) {
  if (count == 0 || count > kMaxCount)
    return fail(Errc::Internal,
                fmt::format("an anchor has 1 to {} devices, not {}", kMaxCount, count));
  const bool move = has_default_rps();
  for (int i = 1; i <= kTries; ++i) {
    auto far = NetNs::create_private();
    if (!far) break;
    const int base = random_base();
    const auto made = move ? move_veths_here(base, count, *far) : make_veths(base, count, &*far);
    if (made) return IngressDevices(std::move(*far), {}, base, count, true);
    if (made.error().sys != EBUSY && made.error().sys != EEXIST) break;
  }
  int base = 0;
  auto taps = make_taps_anywhere(base, count);
  if (!taps) return tl::unexpected<Error>(std::move(taps.error()));
  return IngressDevices({}, std::move(*taps), base, count);
}

/// The kernel would clear the veths away behind our back, where somebody may be looking.
IngressDevices::~IngressDevices() {
  if (!here_ || !ns_) return;
  for (unsigned i = 0; i < count_; ++i)
    (void)remove_link(device_name(base_, i));
}

Status IngressDevices::enter() const {
  return is_private() ? ns_->enter() : Status{};
}

} // namespace xtg::net
