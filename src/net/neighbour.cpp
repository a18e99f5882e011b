// SPDX-License-Identifier: BSD-2-Clause
#include "net/neighbour.h"

#include <linux/neighbour.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "core/unique_fd.h"
#include "net/ip_attr.h"

namespace xtg::net {

namespace {

using Clock = std::chrono::steady_clock;

struct Neighbour {
  std::optional<packet::Mac> mac; ///< if the entry is usable
  bool failed = false;            ///< resolution has failed
};

Neighbour read_entry(nl::Socket& socket, int ifindex, const packet::Ip& ip) {
  ndmsg header{};
  header.ndm_family = family_of(ip);
  header.ndm_ifindex = ifindex;
  nl::Message request(RTM_GETNEIGH, 0, header);
  put_ip(request, NDA_DST, ip);
  auto replies = socket.query(request, "read the neighbour table");
  if (!replies || replies->empty()) return {};
  const auto state = replies->front().header<ndmsg>().ndm_state;
  // The kernel's NUD_VALID, which its public headers do not name.
  constexpr unsigned kUsable =
      NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;
  if ((state & kUsable) == 0) return {{}, (state & NUD_FAILED) != 0};
  return {replies->front().attrs<ndmsg>().get<packet::Mac>(NDA_LLADDR), false};
}

/// An empty datagram to the discard port makes the kernel resolve the address; needs no privilege.
void poke_with_datagram(const std::string& ifname, int ifindex, const packet::Ip& ip) {
  UniqueFd fd(socket(family_of(ip), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return;
  setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, ifname.c_str(),
             static_cast<socklen_t>(ifname.size()));
  constexpr std::uint16_t kDiscard = 9;
  if (ip.is_v4()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kDiscard);
    std::memcpy(&to.sin_addr, ip.bytes.data(), ip.size());
    sendto(fd.get(), nullptr, 0, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(kDiscard);
    to.sin6_scope_id = static_cast<std::uint32_t>(ifindex);
    std::memcpy(&to.sin6_addr, ip.bytes.data(), ip.size());
    sendto(fd.get(), nullptr, 0, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
}

/// Without a packet to send, the kernel sends IPv6 neighbour solicitations only from a link-local
/// address.
bool can_ask_unprompted(nl::Socket& socket, const LinkInfo& link, const packet::Ip& ip) {
  if (ip.is_v4()) return true;
  auto own = read_addresses(socket, link.ifindex);
  return own && std::any_of(own->usable.begin(), own->usable.end(),
                            [](const packet::Ip& a) { return !a.is_v4() && a.is_link_local(); });
}

void ask_for_neighbour(nl::Socket& socket, const LinkInfo& link, const packet::Ip& ip) {
  if (can_ask_unprompted(socket, link, ip)) {
    ndmsg header{};
    header.ndm_family = family_of(ip);
    header.ndm_ifindex = link.ifindex;
    header.ndm_flags = NTF_USE; // starts resolution as a packet would, without sending one
    nl::Message request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
    put_ip(request, NDA_DST, ip);
    if (socket.request(request, "resolve a neighbour")) return;
  }
  poke_with_datagram(link.name, link.ifindex, ip);
}

Status change_neighbour(int type, int flags, int ifindex, const packet::Ip& ip,
                        const packet::Mac* mac) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  ndmsg header{};
  header.ndm_family = family_of(ip);
  header.ndm_ifindex = ifindex;
  header.ndm_state = NUD_PERMANENT;
  nl::Message request(type, flags, header);
  put_ip(request, NDA_DST, ip);
  if (mac != nullptr) request.put<packet::Mac>(NDA_LLADDR, *mac);
  return socket->request(request, fmt::format("{} neighbour entry of {}",
                                              mac != nullptr ? "set" : "remove", ip.to_string()));
}

} // namespace

std::optional<packet::Mac> read_neighbour(nl::Socket& socket, int ifindex, const packet::Ip& ip) {
  return read_entry(socket, ifindex, ip).mac;
}

std::vector<std::optional<packet::Mac>> ask_neighbours(nl::Socket& socket, const LinkInfo& link,
                                                       std::span<const packet::Ip> hops,
                                                       std::chrono::milliseconds timeout) {
  std::vector<std::optional<packet::Mac>> macs(hops.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < hops.size(); i++) {
    macs[i] = read_neighbour(socket, link.ifindex, hops[i]);
    if (!macs[i]) open.push_back(i);
  }
  if (timeout.count() == 0) return macs;
  const auto deadline = Clock::now() + timeout;
  for (const std::size_t i : open)
    ask_for_neighbour(socket, link, hops[i]);
  auto pause = std::chrono::microseconds(200);
  while (true) {
    std::erase_if(open, [&](std::size_t i) {
      const Neighbour entry = read_entry(socket, link.ifindex, hops[i]);
      macs[i] = entry.mac;
      return entry.mac || entry.failed;
    });
    if (open.empty() || Clock::now() >= deadline) return macs;
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(pause * 2, std::chrono::milliseconds(10));
  }
}

Status set_neighbour(int ifindex, const packet::Ip& ip, const packet::Mac& mac) {
  return change_neighbour(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, ip, &mac);
}

Status remove_neighbour(int ifindex, const packet::Ip& ip) {
  return change_neighbour(RTM_DELNEIGH, 0, ifindex, ip, nullptr);
}

} // namespace xtg::net
