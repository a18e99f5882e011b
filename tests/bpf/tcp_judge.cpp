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

} // namespace

Verdict judge(const packet::TcpHeaderSpec& ours, std::uint16_t port, const Bytes& frame) {
  Verdict out;
  const bool v4 = ours.src_addr.is_v4();
  const std::size_t ip = v4 ? 20 : 40, l4 = 14 + ip, each = ours.src_addr.size();
  const std::span<const std::uint8_t> all(frame);
  if (frame.size() < l4 + 20) return out;
  if (load_be(all.subspan(12, 2)) != (v4 ? 0x0800 : 0x86dd) || all[v4 ? 23 : 20] != 6) return out;
  if (v4 && (all[14] != 0x45 || (load_be(all.subspan(20, 2)) & 0x3fff) != 0)) return out;
  const auto src = all.subspan(v4 ? 26 : 22, each), dst = all.subspan(v4 ? 30 : 38, each);
  const auto tcp = all.subspan(l4);
  if (!std::ranges::equal(src, std::span(ours.dst_addr.bytes).first(each)) ||
      !std::ranges::equal(dst, std::span(ours.src_addr.bytes).first(each)) ||
      load_be(tcp.first(2)) != ours.dst_port || load_be(tcp.subspan(2, 2)) != port)
    return out;
  out.ours = true;
  const std::size_t packet = v4 ? load_be(all.subspan(16, 2)) : 40 + load_be(all.subspan(18, 2));
  const std::size_t header = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  if (header < 20 || packet > frame.size() - 14 || packet < ip + header) return out;
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
