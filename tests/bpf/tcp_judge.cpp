// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_judge.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "packet/bytes.h"
#include "packet/checksum.h"

namespace xtg::test {

using packet::load_be;
using packet::store_be;

void fix_sum(Bytes& frame, bool partial) {
  const std::span<std::uint8_t> all(frame);
  const bool v4 = load_be(all.subspan(12, 2)) == 0x0800;
  const std::size_t l4 = v4 ? 34 : 54;
  if (frame.size() < l4 + 20) return;
  const std::size_t length = v4 ? load_be(all.subspan(16, 2)) - 20 : load_be(all.subspan(18, 2));
  if (length > frame.size() - l4) return;
  const auto src = v4 ? all.subspan(26, 4) : all.subspan(22, 16);
  const auto dst = v4 ? all.subspan(30, 4) : all.subspan(38, 16);
  store_be(all.subspan(l4 + 16, 2), 0);
  Bytes zeros(partial ? length : 0);
  std::span<const std::uint8_t> segment = all.subspan(l4, length);
  if (partial) segment = zeros;
  const std::uint16_t sum = packet::transport_checksum(src, dst, 6, segment);
  store_be(all.subspan(l4 + 16, 2), partial ? static_cast<std::uint16_t>(~sum) : sum);
}

namespace {

void parse_options(std::span<const std::uint8_t> options, xtg_tcp_event& event) {
  while (!options.empty()) {
    if (options[0] == 0) return;
    if (options[0] == 1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
    const auto body = options.subspan(2, options[1] - 2U);
    if (options[0] == 8 && body.size() == 8) {
      event.flags |= XTG_TCP_HAS_TS;
      event.tsval = static_cast<std::uint32_t>(load_be(body.first(4)));
      event.tsecr = static_cast<std::uint32_t>(load_be(body.subspan(4)));
    }
    if (options[0] == 5 && !body.empty() && body.size() % 8 == 0) {
      event.n_sack = static_cast<std::uint32_t>(body.size() / 8);
      for (std::size_t i = 0; i < body.size(); i += 4)
        event.sack[i / 8][i / 4 % 2] = static_cast<std::uint32_t>(load_be(body.subspan(i, 4)));
    }
    options = options.subspan(options[1]);
  }
}

/// Where TCP begins behind an IP header.
struct Way {
  bool tcp = false;
  bool fragment = false; ///< a piece of a packet with TCP
  bool refused = false;  ///< by the kernel's IP
  std::size_t l4 = 0;
};

bool v4_options_ok(std::span<const std::uint8_t> o) {
  while (!o.empty() && o[0] != 0) {
    if (o[0] == 131 || o[0] == 137) return false; // source routes
    if (o[0] != 1 && (o.size() < 2 || o[1] < 2 || o[1] > o.size())) return false;
    o = o.subspan(o[0] == 1 ? 1 : o[1]);
  }
  return true;
}

Way over_options(std::span<const std::uint8_t> all) {
  Way way;
  const std::size_t header = (all[14] & 15U) * 4U;
  if (all[14] >> 4 != 4 || header < 20 || all[23] != 6) return way;
  way.fragment = (load_be(all.subspan(20, 2)) & 0x3fff) != 0;
  way.tcp = !way.fragment;
  way.l4 = 14 + header;
  way.refused = all.size() < way.l4 || !v4_options_ok(all.subspan(34, header - 20));
  return way;
}

bool v6_options_ok(std::span<const std::uint8_t> o) {
  while (!o.empty()) {
    if ((o[0] & 0xc0) != 0) return false;
    const std::size_t length = o[0] == 0 ? 1 : o.size() < 2 ? ~std::size_t{0} : 2U + o[1];
    if (length > o.size()) return false;
    o = o.subspan(length);
  }
  return true;
}

Way over_headers(std::span<const std::uint8_t> all) {
  Way way;
  way.l4 = 54;
  std::uint8_t kind = all[20];
  for (int i = 0; i < 4 && kind != 6; i++) {
    if (kind != 0 && kind != 43 && kind != 44 && kind != 60) return way;
    if (all.size() < way.l4 + 8) return way;
    const auto h = all.subspan(way.l4);
    const std::size_t length = kind == 44 ? 8 : 8U + 8U * h[1];
    if (kind == 44 && (load_be(h.subspan(2, 2)) & 0xfff9) != 0) {
      way.fragment = h[0] == 6;
      return way;
    }
    if (kind == 0 && i != 0) way.refused = true;
    if (kind == 43 && (h[3] != 0 || (h[2] >= 2 && h[2] <= 4))) way.refused = true;
    if ((kind == 0 || kind == 60) &&
        (length > 64 || length > h.size() || !v6_options_ok(h.subspan(2, length - 2))))
      way.refused = true;
    way.l4 += length;
    kind = h[0];
  }
  way.tcp = kind == 6;
  return way;
}

} // namespace

Verdict judge(const packet::TcpHeaderSpec& ours, std::uint16_t port, const Bytes& frame) {
  Verdict out;
  const bool v4 = ours.src_addr.is_v4();
  const std::size_t each = ours.src_addr.size();
  std::span<const std::uint8_t> all(frame);
  for (int tags = 0; tags < 2 && all.size() >= 18; tags++) { // those of VLAN 0
    const std::uint64_t type = load_be(all.subspan(12, 2));
    if ((type != 0x8100 && type != 0x88a8) || (load_be(all.subspan(14, 2)) & 0xfff) != 0) break;
    all = all.subspan(4); // the addresses of Ethernet do not matter
  }
  if (all.size() < (v4 ? 34U : 54U)) return out;
  if (load_be(all.subspan(12, 2)) != (v4 ? 0x0800 : 0x86dd)) return out;
  const Way way = v4 ? over_options(all) : over_headers(all);
  out.fragment = way.fragment;
  const std::size_t l4 = way.l4, ip = l4 - 14;
  if (!way.tcp || all.size() < l4 + 20) return out;
  const auto src = all.subspan(v4 ? 26 : 22, each), dst = all.subspan(v4 ? 30 : 38, each);
  const auto tcp = all.subspan(l4);
  if (!std::ranges::equal(src, std::span(ours.dst_addr.bytes).first(each)) ||
      !std::ranges::equal(dst, std::span(ours.src_addr.bytes).first(each)) ||
      load_be(tcp.first(2)) != ours.dst_port || load_be(tcp.subspan(2, 2)) != port)
    return out;
  out.refused = way.refused;
  if (way.refused) return out;
  out.ours = true;
  const std::size_t packet = v4 ? load_be(all.subspan(16, 2)) : 40 + load_be(all.subspan(18, 2));
  const std::size_t header = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  if (header < 20 || packet > all.size() - 14 || packet < ip + header) return out;
  const auto segment = tcp.first(packet - ip);
  const Bytes zeros(segment.size());
  const std::uint16_t pseudo = ~packet::transport_checksum(src, dst, 6, zeros);
  out.unsound = packet::transport_checksum(src, dst, 6, segment) != 0 &&
                load_be(segment.subspan(16, 2)) != pseudo;
  if (out.unsound) return out;
  xtg_tcp_event event{};
  event.seq = static_cast<std::uint32_t>(load_be(segment.subspan(4, 4)));
  event.ack = static_cast<std::uint32_t>(load_be(segment.subspan(8, 4)));
  event.flags = segment[13];
  event.window = static_cast<std::uint16_t>(load_be(segment.subspan(14, 2)));
  event.len = static_cast<std::uint32_t>(segment.size() - header);
  if (((load_be(all.subspan(14, 2)) >> (v4 ? 0 : 4)) & 3) == 3) event.flags |= XTG_TCP_HAS_CE;
  parse_options(segment.subspan(20, header - 20), event);
  out.event = event;
  return out;
}

testing::AssertionResult same_event(const xtg_tcp_event& is, const xtg_tcp_event& want) {
  const auto text = [](const xtg_tcp_event& e) {
    std::string out = fmt::format("seq {:x} ack {:x} window {:x} flags {:x} len {} ts {:x} {:x}",
                                  e.seq, e.ack, e.window, e.flags, e.len, e.tsval, e.tsecr);
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(e.n_sack, 4); i++)
      out += fmt::format(" sack {:x}-{:x}", e.sack[i][0], e.sack[i][1]);
    return out + fmt::format(" ({})", e.n_sack);
  };
  if (text(is) == text(want)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << text(is) << " instead of " << text(want);
}

} // namespace xtg::test
