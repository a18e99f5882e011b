// SPDX-License-Identifier: BSD-2-Clause
#include "net/handshake_watch.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "net/tcp_internal.h"
#include "packet/bytes.h"

namespace xtg::net {

namespace {

constexpr std::size_t kSnap = 128; // IP header without options, and the start of TCP
constexpr int kBuffer = 8 << 20;   // some ten thousand answers
constexpr std::uint8_t kSynAck = 0x12;

// Packets start at the IP header. Accepts TCP, first fragments, SYN and ACK set.
std::array<sock_filter, 10> kV4 = {{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 7),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 5, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
    BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSynAck),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSynAck, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, kSnap),
    BPF_STMT(BPF_RET | BPF_K, 0),
}};
std::array<sock_filter, 7> kV6 = {{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 4),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 53),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSynAck),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSynAck, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, kSnap),
    BPF_STMT(BPF_RET | BPF_K, 0),
}};

packet::Ip address_at(std::span<const std::uint8_t> bytes, packet::Family family) {
  packet::Ip out{.family = family, .bytes = {}};
  std::copy_n(bytes.begin(), out.size(), out.bytes.begin());
  return out;
}

std::optional<Answer> parse(std::span<const std::uint8_t> ip, packet::Family family) {
  const bool v4 = family == packet::Family::V4;
  const std::size_t header = ip.empty() ? 0 : v4 ? (ip[0] & 15U) * 4U : 40U;
  if (ip.size() < header + 20 || header < 20) return {};
  const auto tcp = ip.subspan(header);
  Answer out;
  out.from = {address_at(ip.subspan(v4 ? 12 : 8), family),
              static_cast<std::uint16_t>(packet::load_be(tcp.first(2)))};
  out.to = {address_at(ip.subspan(v4 ? 16 : 24), family),
            static_cast<std::uint16_t>(packet::load_be(tcp.subspan(2, 2)))};
  out.ack = static_cast<std::uint32_t>(packet::load_be(tcp.subspan(8, 4)));
  return out;
}

} // namespace

Result<HandshakeWatch> HandshakeWatch::open(packet::Family family) {
  const bool v4 = family == packet::Family::V4;
  constexpr const char* kWhat = "watch the handshakes";
  // Protocol 0 until the filter is attached, so that nothing else is queued.
  UniqueFd fd(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return fail_sys(errno, kWhat);
  const sock_fprog filter =
      v4 ? sock_fprog{kV4.size(), kV4.data()} : sock_fprog{kV6.size(), kV6.data()};
  if (setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0)
    return fail_sys(errno, kWhat);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof(kBuffer));
  sockaddr_ll all{};
  all.sll_family = AF_PACKET;
  all.sll_protocol = htons(v4 ? ETH_P_IP : ETH_P_IPV6);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&all), sizeof(all)) != 0)
    return fail_sys(errno, kWhat);
  return HandshakeWatch(std::move(fd), family);
}

std::vector<Answer> HandshakeWatch::take() {
  std::vector<Answer> out;
  std::array<std::uint8_t, kSnap> bytes{};
  sockaddr_ll from{};
  socklen_t length = sizeof(from);
  for (;; length = sizeof(from)) {
    const ssize_t n = recvfrom(fd_.get(), bytes.data(), bytes.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return out;
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    if (auto answer = parse(std::span(bytes).first(static_cast<std::size_t>(n)), family_))
      out.push_back(*answer);
  }
}

std::string translation(const Endpoint& remote, const Endpoint& local, const Answer& wire) {
  if (wire.from != remote)
    return fmt::format(
        "this host translates the address of the far end: {} is {} on the wire, and "
        "XDP bypasses the translation; connect to that address directly: tcp {} -p {}",
        tcp::to_string(remote), tcp::to_string(wire.from), wire.from.addr.to_string(),
        wire.from.port);
  if (wire.to != local)
    return fmt::format("this host translates the source of the connection: {} is {} on the wire, "
                       "and XDP bypasses the translation; send from an address that is not "
                       "translated (-A), or remove the rule (nft list ruleset)",
                       tcp::to_string(local), tcp::to_string(wire.to));
  return {};
}

} // namespace xtg::net
