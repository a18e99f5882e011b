// SPDX-License-Identifier: BSD-2-Clause
#include "wire.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace xtg::peer {

namespace {

constexpr const char* kHostMac = "02:00:00:00:00:01";
constexpr const char* kPeerMac = "02:00:00:00:00:02";

// initcwnd: the kernel's own sender, against which the scripts are checked, then sends what the
// window allows, as ours does without congestion control.
constexpr const char* kSetup = R"(link set dev {0} address {1} mtu {3} txqueuelen {4}
link set dev {0} up
address add 198.18.0.1/30 dev {0}
address add 2001:2::1/64 dev {0} nodad
neighbour add 198.18.0.2 lladdr {2} dev {0} nud permanent
neighbour add 2001:2::2 lladdr {2} dev {0} nud permanent
route change 198.18.0.0/30 dev {0} proto kernel scope link src 198.18.0.1 initcwnd 200
route add 2001:2::2/128 dev {0} initcwnd 200
)";

Status run_ip_batch(const std::string& commands) {
  FILE* pipe = popen("ip -batch -", "w");
  if (pipe == nullptr) return fail_sys(errno, "start ip");
  const bool written = fwrite(commands.data(), 1, commands.size(), pipe) == commands.size();
  if (pclose(pipe) != 0 || !written) return fail(Errc::System, "set the TAP device up with ip");
  return {};
}

Result<UniqueFd> open_tap() {
  // Without blocking writes: only then does the driver run native XDP.
  UniqueFd fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return fail_sys(errno, "open /dev/net/tun");
  ifreq request{};
  std::strncpy(request.ifr_name, Wire::kDevice, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return fail_sys(errno, "make a TAP device");
  return fd;
}

} // namespace

Wire::Wire(net::NetNs home, UniqueFd tap) : home_(std::move(home)), tap_(std::move(tap)) {
  const auto mac = [](const char* text) { return packet::Mac::parse(text).value(); };
  const auto ip = [](const char* text) { return packet::Ip::parse(text).value(); };
  v4_ = {mac(kHostMac), mac(kPeerMac), ip("198.18.0.1"), ip("198.18.0.2")};
  v6_ = {mac(kHostMac), mac(kPeerMac), ip("2001:2::1"), ip("2001:2::2")};
}

Wire::~Wire() {
  tap_.reset();
  (void)home_.enter();
}

Result<std::unique_ptr<Wire>> Wire::make(const WireOptions& options) {
  auto home = net::NetNs::current();
  if (!home) return forward(std::move(home), "find the namespace");
  auto ns = net::NetNs::create_private();
  if (!ns) return forward(std::move(ns), "make a namespace");
  if (auto ok = ns->enter(); !ok) return forward(std::move(ok), "go there");
  std::unique_ptr<Wire> wire(new Wire(std::move(*home), UniqueFd{})); // its destructor goes back
  auto tap = open_tap();
  if (!tap) return tl::unexpected<Error>(std::move(tap.error()));
  wire->tap_ = std::move(*tap);
  if (auto ok =
          run_ip_batch(fmt::format(kSetup, kDevice, kHostMac, kPeerMac, options.mtu, options.ring));
      !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  return wire;
}

std::optional<std::vector<std::uint8_t>> Wire::read(int timeout_ms) {
  std::vector<std::uint8_t> frame(65536);
  while (true) {
    const ssize_t n = ::read(tap_.get(), frame.data(), frame.size());
    if (n > 0) {
      frame.resize(static_cast<std::size_t>(n));
      return frame;
    }
    if (timeout_ms <= 0) return std::nullopt;
    pollfd p{tap_.get(), POLLIN, 0};
    if (poll(&p, 1, timeout_ms) <= 0) return std::nullopt;
    timeout_ms = 0;
  }
}

Status Wire::write(const std::vector<std::uint8_t>& frame) {
  if (::write(tap_.get(), frame.data(), frame.size()) != static_cast<ssize_t>(frame.size()))
    return fail_sys(errno, "write to the TAP device");
  return {};
}

Status Wire::set_sysctl(const std::string& name, const std::string& value) {
  std::ofstream file("/proc/sys/net/" + name);
  file << value << std::flush;
  if (!file) return fail(Errc::System, "set net/" + name);
  return {};
}

} // namespace xtg::peer
