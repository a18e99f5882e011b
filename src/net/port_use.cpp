// SPDX-License-Identifier: BSD-2-Clause
#include "net/port_use.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace xtg::net {

namespace {

constexpr unsigned kTimeWait = 6; // TCP_TIME_WAIT

std::optional<std::uint32_t> hex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

/// "0100007F:1F90": 32-bit groups in host byte order, and the port.
std::optional<Endpoint> parse_end(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return {};
  Endpoint end;
  end.addr.family = colon == 8 ? packet::Family::V4 : packet::Family::V6;
  for (std::size_t at = 0; at < colon; at += 8) {
    const auto word = hex(text.substr(at, 8));
    if (!word) return {};
    std::memcpy(end.addr.bytes.data() + at / 2, &*word, sizeof *word);
  }
  const auto port = hex(text.substr(colon + 1));
  if (!port || *port > 65'535) return {};
  end.port = static_cast<std::uint16_t>(*port);
  return end;
}

std::vector<std::string_view> words_of(std::string_view line, std::size_t most) {
  std::vector<std::string_view> words;
  while (words.size() < most) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) break;
    words.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(words.back().size());
  }
  return words;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

void count_ports(std::string_view table, const Endpoint& to, plan::PortUse& use) {
  while (!table.empty()) {
    const std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(line.size() + 1, table.size()));
    const auto words = words_of(line, 4); // number, local and remote address, state
    if (words.size() < 4) continue;
    const auto local = parse_end(words[1]), remote = parse_end(words[2]);
    if (!local || remote != to || local->port < use.first || local->port > use.last) continue;
    ++(hex(words[3]) == kTimeWait ? use.time_wait : use.open);
  }
}

plan::PortUse port_use(const Endpoint& to, std::optional<std::uint16_t> first,
                       std::uint32_t count) {
  plan::PortUse use;
  if (first) {
    use.first = *first;
    use.last = static_cast<std::uint16_t>(*first + count - 1);
  } else {
    std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
    range >> use.first >> use.last;
  }
  count_ports(
      read_all(to.addr.is_v4() ? "/proc/thread-self/net/tcp" : "/proc/thread-self/net/tcp6"), to,
      use);
  return use;
}

} // namespace xtg::net
