// SPDX-License-Identifier: BSD-2-Clause
#include "plan/refusal.h"

#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace xtg::plan {

Diagnosis refused_program(const InterfaceFacts& iface, const XdpAnswer& answer) {
  std::string_view words = answer.words;
  // Modules begin their messages with their name.
  if (words.starts_with(iface.driver) && words.substr(iface.driver.size()).starts_with(": "))
    words.remove_prefix(iface.driver.size() + 2);
  while (words.ends_with('.'))
    words.remove_suffix(1);
  const auto says = [&](std::string_view part) { return words.find(part) != words.npos; };

  std::string repair;
  if (says("MTU") && !iface.peer) // a veth's own MTU does not matter here: its peer's does
    repair = fmt::format("ip link set dev {} mtu 1500", iface.name);
  else if (says("GRO_HW/CSUM")) // virtio_net whose device does not let the driver switch them
    repair = "start the virtual machine with these offloads off: <guest csum='off' tso4='off' "
             "tso6='off' ecn='off' ufo='off'/> in libvirt's <driver>, "
             "guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off in QEMU's "
             "-device";
  else if (says("LRO"))
    repair = fmt::format("ethtool -K {} lro off", iface.name);
  else if (says("queue") || says("channel"))
    repair = fmt::format("ethtool -L {} combined N with a smaller N", iface.name);
  return {"xdp-refused",
          fmt::format("the driver of {} ({}) takes no XDP program: {}", iface.name,
                      iface.driver.empty() ? "unnamed" : iface.driver,
                      words.empty() ? std::strerror(answer.error) : std::string(words)),
          std::move(repair), Fix::None};
}

} // namespace xtg::plan
