// SPDX-License-Identifier: BSD-2-Clause
#include "packet/layer.h"

#include <algorithm>
#include <array>

#include "packet/bytes.h"
#include "packet/checksum.h"

namespace xtg::packet {

namespace {

using Bytes = std::span<std::uint8_t>;

constexpr std::uint16_t kDontFragment = 0x4000;

void put(std::vector<std::uint8_t>& bytes, std::size_t at, std::span<const std::uint8_t> what) {
  std::copy(what.begin(), what.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

void put(std::vector<std::uint8_t>& bytes, std::size_t at, std::size_t width, std::uint64_t value) {
  store_be(Bytes(bytes).subspan(at, width), value);
}

std::span<const std::uint8_t> wire(const Ip& ip) {
  return std::span(ip.bytes).first(ip.size());
}

Layer ipv4_layer(const Ip& src, const Ip& dst, std::uint8_t tos, std::uint8_t ttl) {
  Layer layer{"ipv4", std::vector<std::uint8_t>(20)};
  // ID 0: a datagram that may not be fragmented needs none (RFC 6864).
  layer.bytes[0] = 0x45;
  layer.bytes[1] = tos;
  put(layer.bytes, 6, 2, kDontFragment);
  layer.bytes[8] = ttl;
  put(layer.bytes, 12, wire(src));
  put(layer.bytes, 16, wire(dst));
  layer.fields = {{FieldKind::SrcAddr, 12, 4, 32, 0},
                  {FieldKind::DstAddr, 16, 4, 32, 0},
                  {FieldKind::Tos, 0, 2, 8, 0},
                  {FieldKind::HopLimit, 8, 2, 8, 8}};
  layer.length = LayerLength{2, 0};
  layer.checksum = LayerChecksum{10};
  layer.addresses = LayerAddresses{12, 16, 4};
  layer.next = NextName::IpProtocol;
  layer.next_offset = 9;
  layer.ether_type = 0x0800;
  layer.ip_protocol = 4;
  return layer;
}

Layer ipv6_layer(const Ip& src, const Ip& dst, std::uint8_t traffic_class, std::uint8_t hop_limit) {
  Layer layer{"ipv6", std::vector<std::uint8_t>(40)};
  put(layer.bytes, 0, 4, 0x60000000U | std::uint32_t{traffic_class} << 20);
  layer.bytes[7] = hop_limit;
  put(layer.bytes, 8, wire(src));
  put(layer.bytes, 24, wire(dst));
  layer.fields = {{FieldKind::SrcAddr, 16, 8, 64, 0}, // the low 64 bits
                  {FieldKind::DstAddr, 32, 8, 64, 0},
                  {FieldKind::Tos, 0, 2, 8, 4},
                  {FieldKind::HopLimit, 6, 2, 8, 0}};
  layer.length = LayerLength{4, 40};
  layer.addresses = LayerAddresses{8, 24, 16};
  layer.next = NextName::IpProtocol;
  layer.next_offset = 6;
  layer.ether_type = 0x86dd;
  layer.ip_protocol = 41;
  return layer;
}

std::uint8_t nth_of(const Stack& stack, FieldKind kind) {
  return static_cast<std::uint8_t>(
      std::ranges::count(stack.fields, kind, [](const FieldPlace& f) { return f.kind; }));
}

void name_next(Stack& stack, const Layer& layer, std::size_t at, const Layer& next) {
  if (layer.next == NextName::EtherType)
    put(stack.bytes, at + layer.next_offset, 2, next.ether_type);
  if (layer.next == NextName::IpProtocol) stack.bytes[at + layer.next_offset] = next.ip_protocol;
}

Checksum checksum_at(const Layer& layer, std::uint16_t at, const Checksum& addresses) {
  const LayerChecksum& rule = *layer.checksum;
  Checksum out = rule.pseudo ? addresses : Checksum{};
  out.offset = static_cast<std::uint16_t>(at + rule.offset);
  out.from = at;
  out.to = rule.to_end ? std::uint16_t{0} : static_cast<std::uint16_t>(at + layer.bytes.size());
  out.zero = rule.zero;
  out.pseudo = rule.pseudo;
  out.protocol = layer.ip_protocol;
  return out;
}

} // namespace

Layer ethernet_layer(const Mac& dst, const Mac& src) {
  Layer layer{"ethernet", std::vector<std::uint8_t>(14)};
  put(layer.bytes, 0, dst.bytes);
  put(layer.bytes, 6, src.bytes);
  layer.fields = {{FieldKind::DstMac, 0, 6, 48, 0}, {FieldKind::SrcMac, 6, 6, 48, 0}};
  layer.next = NextName::EtherType;
  layer.next_offset = 12;
  return layer;
}

Layer vlan_layer(const VlanTag& tag) {
  Layer layer{"vlan", std::vector<std::uint8_t>(4)};
  put(layer.bytes, 0, 2, std::uint64_t{tag.priority} << 13 | tag.id);
  layer.fields = {{FieldKind::Vlan, 0, 2, 12, 0}};
  layer.next = NextName::EtherType;
  layer.next_offset = 2;
  layer.ether_type = tag.tpid;
  return layer;
}

Layer ip_layer(const Ip& src, const Ip& dst, std::uint8_t tos, std::uint8_t hop_limit) {
  return dst.is_v4() ? ipv4_layer(src, dst, tos, hop_limit) : ipv6_layer(src, dst, tos, hop_limit);
}

Layer udp_layer(std::uint16_t src_port, std::uint16_t dst_port, bool checksum) {
  Layer layer{"udp", std::vector<std::uint8_t>(8)};
  put(layer.bytes, 0, 2, src_port);
  put(layer.bytes, 2, 2, dst_port);
  layer.fields = {{FieldKind::SrcPort, 0, 2, 16, 0}, {FieldKind::DstPort, 2, 2, 16, 0}};
  layer.length = LayerLength{4, 0};
  if (checksum) layer.checksum = LayerChecksum{6, true, true, ZeroRule::AllOnes};
  layer.ip_protocol = 17;
  return layer;
}

bool Checksum::covers(std::uint16_t at) const {
  const auto within = [at](unsigned begin, unsigned length) {
    return at >= begin && at < begin + length;
  };
  if (at >= from && (to == 0 || at < to)) return true;
  return pseudo && (within(src, address_size) || within(dst, address_size));
}

std::uint16_t Checksum::compute(std::span<const std::uint8_t> frame) const {
  const auto covered = frame.subspan(from, to == 0 ? std::dynamic_extent : std::size_t{to} - from);
  const std::uint16_t sum =
      pseudo ? transport_checksum(frame.subspan(src, address_size),
                                  frame.subspan(dst, address_size), protocol, covered)
             : internet_checksum(covered);
  return sum == 0 && zero == ZeroRule::AllOnes ? 0xffff : sum;
}

Stack stack_up(std::span<const Layer> layers) {
  Stack out;
  Checksum addresses; // of the nearest preceding layer that has addresses
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const auto at = static_cast<std::uint16_t>(out.bytes.size());
    const auto in_frame = [at](std::uint16_t offset) {
      return static_cast<std::uint16_t>(at + offset);
    };
    out.bytes.insert(out.bytes.end(), layer.bytes.begin(), layer.bytes.end());
    if (i + 1 < layers.size()) name_next(out, layer, at, layers[i + 1]);
    for (const LayerField& f : layer.fields)
      out.fields.push_back(
          {f.kind, nth_of(out, f.kind), in_frame(f.offset), f.width, f.bits, f.shift});
    if (layer.length)
      out.lengths.push_back(
          {in_frame(layer.length->offset), static_cast<std::int16_t>(-(at + layer.length->from))});
    if (layer.addresses) {
      if (addresses.address_size == 0) out.l3_offset = at;
      addresses.src = in_frame(layer.addresses->src);
      addresses.dst = in_frame(layer.addresses->dst);
      addresses.address_size = layer.addresses->size;
    }
    if (layer.checksum) out.checksums.push_back(checksum_at(layer, at, addresses));
  }
  return out;
}

} // namespace xtg::packet
