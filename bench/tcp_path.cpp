// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_path.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/unique_fd.h"

namespace xtg::bench {

namespace {

/// In the interface's namespace.
Status turn_off_segmentation(const std::string& name) {
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (const __u32 command : {ETHTOOL_STSO, ETHTOOL_SGSO}) {
    ethtool_value value = {command, 0};
    ifreq request = {};
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (ioctl(fd.get(), SIOCETHTOOL, &request) != 0)
      return fail_sys(errno, "turn TSO and GSO off on " + name);
  }
  return {};
}

/// Of the calling thread's namespace.
Status set(const std::string& name, char value) {
  const UniqueFd fd(open(("/proc/sys/net/ipv4/" + name).c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || write(fd.get(), &value, 1) != 1) return fail_sys(errno, "write " + name);
  return {};
}

} // namespace

Result<Path> Path::create(const PathSpec& spec) {
  auto bed = net::VethTestBed::create({.queues = 1, .mtu = spec.mtu, .threaded = spec.threaded});
  if (!bed) return tl::unexpected<Error>(std::move(bed.error()));
  Status ready = bed->near_ns().run([&]() -> Status {
    // Else a turn would depend on how the connection before it fared.
    if (auto ok = set("tcp_no_metrics_save", '1'); !ok || spec.offloads) return ok;
    return turn_off_segmentation(bed->near().name);
  });
  if (ready && !spec.defer)
    ready = bed->far_ns().run([] { return set("tcp_backlog_ack_defer", '0'); });
  if (!ready) return tl::unexpected<Error>(ready.error());
  auto receiver = Receiver::start(bed->far_ns(), kPort);
  if (!receiver) return tl::unexpected<Error>(std::move(receiver.error()));
  return Path{std::move(*bed), std::move(*receiver)};
}

} // namespace xtg::bench
