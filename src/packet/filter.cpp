// SPDX-License-Identifier: BSD-2-Clause
#include "packet/filter.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"

namespace xtg::packet {

namespace {

using Kind = Primitive::Kind;
using Side = Primitive::Side;

constexpr std::uint32_t kMaxLength = 65'535, kMaxVlan = 4'095, kMaxProto = 255;

/// Words that are a primitive by themselves; the first four also say of what another one is.
constexpr std::array<std::pair<std::string_view, Kind>, 7> kPlain{{{"ip", Kind::Ip},
                                                                   {"ip6", Kind::Ip6},
                                                                   {"udp", Kind::Udp},
                                                                   {"tcp", Kind::Tcp},
                                                                   {"icmp", Kind::Icmp},
                                                                   {"icmp6", Kind::Icmp6},
                                                                   {"arp", Kind::Arp}}};
constexpr std::array<std::string_view, 7> kAfterProtocol{"src",  "dst",       "host", "net",
                                                         "port", "portrange", "proto"};

std::string_view name_of(Kind plain) {
  const auto* found =
      std::find_if(kPlain.begin(), kPlain.end(), [&](const auto& p) { return p.second == plain; });
  return found == kPlain.end() ? "?" : found->first;
}

tl::unexpected<Error> reject(std::string_view word, std::string_view reason) {
  return fail(Errc::InvalidArgument, fmt::format("{} {}", quoted(word), reason));
}

bool is_and(std::string_view word) {
  return word == "and" || word == "&&";
}

/// White space does not count.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  for (auto from = text.find_first_not_of(kSpace); from != std::string_view::npos;
       from = text.find_first_not_of(kSpace, from)) {
    const auto end = std::min(text.find_first_of(kSpace, from), text.size());
    words.push_back(text.substr(from, end - from));
    from = end;
  }
  return words;
}

/// What pcap-filter has and we have not.
Status check_word(std::string_view word) {
  if (word == "or" || word == "||")
    return reject(word, "is not supported: alternatives are separate filters, each with its own "
                        "--match");
  if (word == "not" || word.starts_with('!'))
    return reject(word, "is not supported: say which frames match");
  if (word.find_first_of("()") != std::string_view::npos)
    return reject(word, "has a parenthesis: primitives are joined by \"and\", alternatives each "
                        "have a --match of their own");
  return {};
}

class Parser {
public:
  explicit Parser(std::string_view text) : words_(words_of(text)) {}

  Result<Filter> filter() {
    Filter filter;
    for (const std::string_view word : words_)
      if (auto ok = check_word(word); !ok) return tl::unexpected<Error>(std::move(ok.error()));
    if (words_.empty())
      return fail(Errc::InvalidArgument, "expected a filter, such as \"udp dst port 10000\"");
    while (true) {
      auto next = primitive();
      if (!next) return tl::unexpected<Error>(std::move(next.error()));
      filter.primitives.push_back(*next);
      if (at_end()) return filter;
      if (!is_and(peek()))
        return reject(peek(), fmt::format("cannot follow {}: primitives are joined by \"and\"",
                                          quoted(words_[at_ - 1])));
      at_++;
    }
  }

private:
  [[nodiscard]] bool at_end() const { return at_ == words_.size(); }
  [[nodiscard]] std::string_view peek() const { return at_end() ? "" : words_[at_]; }
  bool take(std::string_view word) {
    if (peek() != word) return false;
    at_++;
    return true;
  }

  /// The next word, or why there is none.
  Result<std::string_view> value(std::string_view expected) {
    if (at_end() || is_and(peek()))
      return reject(words_[at_ - 1], fmt::format("needs {} after it", expected));
    return words_[at_++];
  }

  Result<std::uint32_t> number(std::uint32_t most, std::string_view what) {
    const std::string expected = fmt::format("{}, 0 to {}", what, most);
    const auto word = value(expected);
    if (!word) return tl::unexpected<Error>(word.error());
    const auto parsed = parse_unsigned<std::uint32_t>(*word);
    if (!parsed || *parsed > most) return reject(*word, fmt::format("is not {}", expected));
    return *parsed;
  }

  Result<Primitive> primitive() {
    if (at_end() || is_and(peek())) {
      const std::string expected = "needs a primitive such as \"udp dst port 10000\"";
      return at_ == 0 ? reject(peek(), expected + " before it")
                      : reject(words_[at_ - 1], expected + " after it");
    }
    const std::string_view word = words_[at_++];
    const auto* plain =
        std::find_if(kPlain.begin(), kPlain.end(), [&](const auto& p) { return p.first == word; });
    if (plain != kPlain.end()) {
      if (std::ranges::find(kAfterProtocol, peek()) == kAfterProtocol.end())
        return Primitive{.kind = plain->second};
      return of_protocol(word, plain->second);
    }
    if (word == "vlan") return vlan();
    if (word == "less") return length(Kind::Less);
    if (word == "greater") return length(Kind::Greater);
    if (word == "ether") return ether();
    at_--;
    return sided(std::nullopt);
  }

  Result<Primitive> of_protocol(std::string_view word, Kind protocol) {
    const bool network = protocol == Kind::Ip || protocol == Kind::Ip6;
    if (!network && protocol != Kind::Udp && protocol != Kind::Tcp)
      return reject(
          peek(), fmt::format("cannot follow {}: primitives are joined by \"and\"", quoted(word)));
    auto rest = sided(protocol);
    if (!rest) return rest;
    const bool port = rest->kind == Kind::Port;
    if (port == network)
      return reject(word, fmt::format("goes with {}, not with {}: say {}",
                                      network ? "proto, host and net" : "port and portrange",
                                      quoted(words_[at_ - 2]),
                                      quoted(fmt::format("{} and {}", word, rest->to_string()))));
    if (rest->kind == Kind::Host || rest->kind == Kind::Net) {
      if (rest->address.is_v4() != (protocol == Kind::Ip))
        return reject(words_[at_ - 1], fmt::format("is not an address of {}", quoted(word)));
      return rest; // the address says it
    }
    rest->of = protocol;
    return rest;
  }

  Result<Primitive> vlan() {
    Primitive p{.kind = Kind::Vlan};
    if (at_end() || is_and(peek())) return p;
    const auto id = number(kMaxVlan, "a VLAN identifier");
    if (!id) return tl::unexpected<Error>(id.error());
    p.numbered = true;
    p.low = *id;
    return p;
  }

  Result<Primitive> length(Kind kind) {
    const auto bytes = number(kMaxLength, "a length in bytes");
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    return Primitive{.kind = kind, .low = *bytes};
  }

  Side side() {
    if (take("src")) return Side::Source;
    return take("dst") ? Side::Destination : Side::Either;
  }

  Result<Primitive> ether() {
    Primitive p{.kind = Kind::Ether};
    p.side = side();
    if (!take("host"))
      return reject(words_[at_ - 1], "needs host and a MAC address after it, as in \"ether src "
                                     "host 02:00:00:00:00:01\"");
    const auto word = value("a MAC address");
    if (!word) return tl::unexpected<Error>(word.error());
    auto mac = Mac::parse(*word);
    if (!mac) return tl::unexpected<Error>(std::move(mac.error()));
    p.mac = *mac;
    return p;
  }

  /// [src|dst] host, net, port, portrange; proto, which has no side.
  Result<Primitive> sided(std::optional<Kind> of) {
    const Side which = side();
    Result<Primitive> parsed = Primitive{};
    if (take("host"))
      parsed = host();
    else if (take("net"))
      parsed = net();
    else if (take("port"))
      parsed = port();
    else if (take("portrange"))
      parsed = portrange();
    else if (which == Side::Either && take("proto"))
      parsed = proto();
    else if (which != Side::Either)
      return reject(words_[at_ - 1], "needs host, net, port or portrange after it");
    else
      return unknown(peek(), of);
    if (parsed) parsed->side = which;
    return parsed;
  }

  static tl::unexpected<Error> unknown(std::string_view word, std::optional<Kind> of) {
    if (!of && Ip::parse(word))
      return reject(word,
                    fmt::format("needs a keyword before it: \"host {0}\", \"src host {0}\" or "
                                "\"dst host {0}\"",
                                word));
    return reject(word, "is not known: expected ip, ip6, udp, tcp, icmp, icmp6, arp, proto, host, "
                        "net, port, portrange, src, dst, vlan, ether, less or greater");
  }

  Result<Primitive> proto() {
    const auto protocol = number(kMaxProto, "the number of an IP protocol");
    if (!protocol) return tl::unexpected<Error>(protocol.error());
    return Primitive{.kind = Kind::Proto, .low = *protocol};
  }

  Result<Primitive> host() {
    const auto word = value("an IP address");
    if (!word) return tl::unexpected<Error>(word.error());
    const auto address = Ip::parse(*word);
    if (!address)
      return reject(*word, "is not an IP address: expected one such as 198.18.0.2 or 2001:db8::1");
    return Primitive{.kind = Kind::Host, .address = *address};
  }

  Result<Primitive> net() {
    const auto word = value("a network such as 198.18.0.0/15");
    if (!word) return tl::unexpected<Error>(word.error());
    const auto slash = word->find('/');
    const auto address = Ip::parse(word->substr(0, slash));
    const auto bits = slash == std::string_view::npos
                          ? std::nullopt
                          : parse_unsigned<unsigned>(word->substr(slash + 1));
    if (!address || !bits || *bits > 8 * address->size())
      return reject(*word, "is not a network: expected an address and the length of its prefix, "
                           "such as 198.18.0.0/15 or 2001:db8::/32");
    Primitive p{.kind = Kind::Net, .address = *address, .prefix = *bits};
    for (unsigned bit = *bits; bit < 8 * address->size(); ++bit)
      p.address.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    if (p.address != *address)
      return reject(*word, fmt::format("has bits beyond its prefix: use {}/{}",
                                       p.address.to_string(), *bits));
    return p;
  }

  Result<Primitive> port() {
    if (PortRange::parse(peek()) && peek().find('-') != std::string_view::npos)
      return reject(peek(), fmt::format("is a range: say \"portrange {}\"", peek()));
    const auto number_of = number(65'535, "a port");
    if (!number_of) return tl::unexpected<Error>(number_of.error());
    return Primitive{.kind = Kind::Port, .low = *number_of, .high = *number_of};
  }

  Result<Primitive> portrange() {
    const auto word = value("two ports such as 1000-1999");
    if (!word) return tl::unexpected<Error>(word.error());
    const auto range = PortRange::parse(*word);
    if (!range) return reject(*word, "is not a range of ports: expected one such as 1000-1999");
    return Primitive{
        .kind = Kind::Port, .low = range->first, .high = range->first + range->count - 1};
  }

  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

} // namespace

std::string Primitive::to_string() const {
  std::string words = of ? fmt::format("{} ", name_of(*of)) : "";
  if (kind == Kind::Ether) words += "ether ";
  if (side == Side::Source) words += "src ";
  if (side == Side::Destination) words += "dst ";
  switch (kind) {
  case Kind::Vlan:
    return numbered ? fmt::format("vlan {}", low) : "vlan";
  case Kind::Proto:
    return fmt::format("{}proto {}", words, low);
  case Kind::Host:
    return fmt::format("{}host {}", words, address.to_string());
  case Kind::Net:
    return fmt::format("{}net {}/{}", words, address.to_string(), prefix);
  case Kind::Port:
    return low == high ? fmt::format("{}port {}", words, low)
                       : fmt::format("{}portrange {}-{}", words, low, high);
  case Kind::Ether:
    return fmt::format("{}host {}", words, mac.to_string());
  case Kind::Less:
    return fmt::format("less {}", low);
  case Kind::Greater:
    return fmt::format("greater {}", low);
  default:
    return std::string(name_of(kind));
  }
}

std::string Filter::to_string() const {
  std::vector<std::string> texts;
  for (const Primitive& primitive : primitives)
    texts.push_back(primitive.to_string());
  return fmt::format("{}", fmt::join(texts, " and "));
}

Result<Filter> Filter::parse(std::string_view text) {
  auto filter = Parser(text).filter();
  if (!filter) return filter;
  if (auto ok = check(*filter); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  return filter;
}

} // namespace xtg::packet
