// SPDX-License-Identifier: BSD-2-Clause
#include "reflect_program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <gtest/gtest.h>

// The skeleton names the types of the shared ABI, so those headers come first.
#include "xtg/abi/reflect.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/signature.h"
#include "xtg_reflect_bpf.skel.h"
#include "xtg_reflect_tc_bpf.skel.h"

#include "core/clock.h"
#include "packet/bytes.h"
#include "packet/checksum.h"

namespace xtg::test {

using packet::load_be;
using packet::store_be;

namespace {

std::uint32_t xdp_action(std::uint32_t tc) {
  switch (static_cast<int>(tc)) {
  case TC_ACT_SHOT:
    return XDP_DROP;
  case TC_ACT_REDIRECT:
    return XDP_TX;
  case TC_ACT_UNSPEC:
    return XDP_PASS;
  default:
    return XDP_ABORTED;
  }
}

} // namespace

ReflectProgram::ReflectProgram(const ReflectSetup& setup) : by_tc_(setup.by_tc) {
  if (by_tc_)
    load<xtg_reflect_tc_bpf>(setup);
  else
    load<xtg_reflect_bpf>(setup);
}

template <class Skeleton>
void ReflectProgram::load(const ReflectSetup& setup) {
  const std::shared_ptr<Skeleton> skel(Skeleton::open(nullptr), Skeleton::destroy);
  xtg_reflect_config config{};
  config.by_run_id = setup.run_id ? 1 : 0;
  config.run_id = setup.run_id.value_or(0);
  config.by_port = setup.port ? 1 : 0;
  config.port = setup.port.value_or(0);
  config.by_source = setup.sources ? 1 : 0;
  config.by_mac = setup.mac ? 1 : 0;
  if (setup.mac) {
    std::memcpy(&config.mac_head, setup.mac->bytes.data(), 4);
    std::memcpy(&config.mac_tail, setup.mac->bytes.data() + 4, 2);
  }
  config.redirect = setup.redirect ? 1 : 0;
  config.shared = setup.shared ? 1 : 0;
  config.n_streams = setup.n_streams;
  config.limit = setup.limit;
  config.step = setup.step;
  config.depth = setup.depth;
  std::memcpy(&skel->rodata->reflect_config, &config, sizeof config);
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, skel->obj)
      bpf_program__set_autoload(prog, prog == skel->progs.xtg_reflect);
  bpf_map__set_max_entries(skel->maps.reflect_sources, 64);
  EXPECT_EQ(Skeleton::load(skel.get()), 0) << std::strerror(errno);
  for (const std::string& text : setup.sources.value_or(std::vector<std::string>{})) {
    const auto prefix = packet::IpPrefix::parse(text).value();
    xtg_reflect_source key{};
    key.family = prefix.network.is_v4() ? 4 : 6;
    key.length = 32 + prefix.length;
    std::ranges::copy(prefix.network.bytes, key.address);
    const __u32 yes = 1;
    EXPECT_EQ(bpf_map_update_elem(bpf_map__fd(skel->maps.reflect_sources), &key, &yes, BPF_ANY), 0);
  }
  const __u32 slot = 0, loopback = 1;
  EXPECT_EQ(bpf_map_update_elem(bpf_map__fd(skel->maps.reflect_port), &slot, &loopback, BPF_ANY),
            0);
  program_ = bpf_program__fd(skel->progs.xtg_reflect);
  cpus_ = bpf_map__fd(skel->maps.reflect_cpus);
  streams_ = bpf_map__fd(skel->maps.reflect_streams);
  control_ = &skel->bss->reflect_control;
  skel_ = skel;
  control().bucket = (monotonic_ns() << 8) - setup.depth;
  control().started = 1;
}

Reflected ReflectProgram::run(const Bytes& frame) {
  Reflected out;
  out.bytes.resize(frame.size() + 256);
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = frame.data();
  opts.data_size_in = static_cast<__u32>(frame.size());
  opts.data_out = out.bytes.data();
  opts.data_size_out = static_cast<__u32>(out.bytes.size());
  opts.repeat = 1;
  out.before_ns = monotonic_ns();
  const int failed = bpf_prog_test_run_opts(program_, &opts);
  out.after_ns = monotonic_ns();
  EXPECT_EQ(failed, 0) << std::strerror(errno) << ", " << frame.size() << " bytes";
  out.action = by_tc_ ? xdp_action(opts.retval) : opts.retval;
  out.bytes.resize(opts.data_size_out);
  return out;
}

xtg_reflect_cpu ReflectProgram::counters() const {
  const int count = libbpf_num_possible_cpus();
  std::vector<xtg_reflect_cpu> cpus(static_cast<std::size_t>(count));
  const __u32 zero = 0;
  EXPECT_EQ(bpf_map_lookup_elem(cpus_, &zero, cpus.data()), 0);
  xtg_reflect_cpu sum = {};
  for (const xtg_reflect_cpu& cpu : cpus) { // the test may have been moved
    sum.sent += cpu.sent;
    sum.bytes += cpu.bytes;
    sum.stamped += cpu.stamped;
    sum.unnumbered += cpu.unnumbered;
    sum.passed += cpu.passed;
    for (unsigned i = 0; i < XTG_REFLECT_REASONS; i++)
      sum.not_reflected[i] += cpu.not_reflected[i];
  }
  return sum;
}

xtg_reflect_control& ReflectProgram::control() const {
  return *control_;
}

xtg_reflect_stream ReflectProgram::stream(std::uint32_t number) const {
  xtg_reflect_stream out{};
  EXPECT_EQ(bpf_map_lookup_elem(streams_, &number, &out), 0);
  return out;
}

// --- the reference ---

namespace {

/// Where things are in a frame whose outermost packet is one whole UDP datagram.
struct Places {
  bool v4 = false;
  std::size_t ip = 0, udp = 0, end = 0; ///< end: of the packet
  [[nodiscard]] std::size_t from() const { return ip + (v4 ? 12 : 8); }
  [[nodiscard]] std::size_t to() const { return from() + width(); }
  [[nodiscard]] std::size_t width() const { return v4 ? 4 : 16; }
};

std::uint64_t number(const Bytes& frame, std::size_t at, std::size_t bytes) {
  return load_be(std::span(frame).subspan(at, bytes));
}

std::optional<Places> places(const Bytes& frame) {
  std::size_t at = 12;
  for (int tags = 0; tags < 4 && frame.size() >= at + 2; tags++) {
    const auto type = number(frame, at, 2);
    if (type == 0x8100 || type == 0x88a8 || type == 0x9100) at += 4;
  }
  if (frame.size() < at + 2) return std::nullopt;
  const auto type = number(frame, at, 2);
  Places p;
  p.ip = at + 2;
  p.v4 = type == 0x0800;
  if (!p.v4 && type != 0x86dd) return std::nullopt;
  if (frame.size() < p.ip + (p.v4 ? 20 : 40)) return std::nullopt;
  if (p.v4) {
    const std::size_t header = 4 * (frame[p.ip] & 15U);
    if (header < 20 || frame[p.ip + 9] != 17) return std::nullopt;
    if ((number(frame, p.ip + 6, 2) & 0x3fff) != 0) return std::nullopt; // a fragment
    p.udp = p.ip + header;
    p.end = p.ip + number(frame, p.ip + 2, 2);
  } else {
    if (frame[p.ip + 6] != 17) return std::nullopt;
    p.udp = p.ip + 40;
    p.end = p.udp + number(frame, p.ip + 4, 2);
  }
  if (frame.size() < p.udp + 8 || frame.size() < p.end) return std::nullopt;
  if (p.udp + number(frame, p.udp + 4, 2) != p.end) return std::nullopt;
  return p;
}

/// What the UDP checksum should be.
std::uint16_t udp_checksum(Bytes frame, const Places& p) {
  store_be(std::span(frame).subspan(p.udp + 6, 2), 0);
  const std::span<const std::uint8_t> all(frame);
  const auto sum =
      packet::transport_checksum(all.subspan(p.from(), p.width()), all.subspan(p.to(), p.width()),
                                 17, all.subspan(p.udp, p.end - p.udp));
  return sum == 0 ? 0xffff : sum;
}

packet::Ip address(const Bytes& frame, const Places& p, std::size_t at) {
  packet::Ip ip;
  ip.family = p.v4 ? packet::Family::V4 : packet::Family::V6;
  std::copy_n(frame.begin() + static_cast<long>(at), p.width(), ip.bytes.begin());
  return ip;
}

/// What a frame may come from, and go to.
bool is_host(const packet::Ip& ip) {
  if (ip.is_v4()) return ip.bytes[0] != 0 && ip.bytes[0] < 224;
  return !ip.is_multicast();
}

void swap_ranges(Bytes& frame, std::size_t a, std::size_t b, std::size_t length) {
  std::swap_ranges(frame.begin() + static_cast<long>(a),
                   frame.begin() + static_cast<long>(a + length),
                   frame.begin() + static_cast<long>(b));
}

enum class Form { None, Compact, Full };

/// The signature that ends at this byte.
Form form_at(const Bytes& frame, std::size_t end) {
  if (end < 32 || end > frame.size()) return Form::None;
  if (number(frame, end - 4, 4) == XTG_SIG_MAGIC) return Form::Full;
  return (number(frame, end - 2, 2) & 0xfff0) == XTG_SIG_COMPACT_MAGIC ? Form::Compact : Form::None;
}

/// Where the outermost packet says that it ends, whatever it is; 0 when there is none.
std::size_t packet_end(const Bytes& frame) {
  std::size_t at = 12;
  for (int tags = 0; tags < 4 && frame.size() >= at + 2; tags++) {
    const auto type = number(frame, at, 2);
    if (type == 0x8100 || type == 0x88a8 || type == 0x9100) at += 4;
  }
  if (frame.size() < at + 2) return 0;
  const auto type = number(frame, at, 2);
  at += 2;
  if (type == 0x0800 && frame.size() >= at + 20 && (frame[at] & 15) >= 5)
    return at + number(frame, at + 2, 2);
  if (type == 0x86dd && frame.size() >= at + 40) return at + 40 + number(frame, at + 4, 2);
  return 0;
}

} // namespace

void refresh(Bytes& frame) {
  const auto p = places(frame);
  if (!p) return;
  const std::span<std::uint8_t> all(frame);
  if (p->v4) {
    store_be(all.subspan(p->ip + 10, 2), 0);
    store_be(all.subspan(p->ip + 10, 2),
             packet::internet_checksum(all.subspan(p->ip, p->udp - p->ip)));
  }
  if (number(frame, p->udp + 6, 2) != 0)
    store_be(all.subspan(p->udp + 6, 2), udp_checksum(frame, *p));
}

std::optional<Bytes> PlainReflector::reflect(const Bytes& frame, const Bytes& seen) {
  std::size_t end = frame.size();
  Form form = form_at(frame, end);
  if (form == Form::None) {
    end = packet_end(frame);
    if (end < frame.size()) form = form_at(frame, end);
  }
  if (form == Form::None) return std::nullopt;
  const bool full = form == Form::Full;
  const std::size_t sig = end - (full ? 32 : 16);
  const std::size_t flag_at = full ? sig + 23 : end - 1;
  const std::uint8_t flag = full ? XTG_SIG_F_REFLECTED : XTG_SIG_COMPACT_REFLECTED;
  const unsigned version = full ? frame[sig + 27] : frame[end - 1] & 7U;
  const unsigned type = full ? frame[sig + 26] : XTG_SIG_DATA;
  if (version != 1 || type > XTG_SIG_END || (frame[flag_at] & flag) != 0) return std::nullopt;
  const auto run_id =
      static_cast<std::uint32_t>(full ? number(frame, sig + 16, 4) : number(frame, sig + 10, 2));
  const auto stream =
      static_cast<std::uint32_t>(full ? number(frame, sig + 20, 2) : frame[sig + 12]);
  if (setup_.run_id && run_id != (full ? *setup_.run_id : *setup_.run_id & 0xffff))
    return std::nullopt;
  const auto p = places(frame);
  if (!p || p->end != end || sig < p->udp + 8) return std::nullopt;
  const packet::Ip from = address(frame, *p, p->from()), to = address(frame, *p, p->to());
  if (setup_.port && number(frame, p->udp + 2, 2) != *setup_.port) return std::nullopt;
  if ((frame[6] & 1) != 0 || (frame[0] & 1) != 0) return std::nullopt;
  if (setup_.mac && !std::equal(frame.begin(), frame.begin() + 6, setup_.mac->bytes.begin()))
    return std::nullopt;
  if (!is_host(from) || from.is_unspecified() || !is_host(to)) return std::nullopt;
  if (setup_.sources && std::ranges::none_of(*setup_.sources, [&](const std::string& text) {
        return packet::IpPrefix::parse(text)->contains(from);
      }))
    return std::nullopt;

  Bytes back = frame;
  swap_ranges(back, 0, 6, 6);
  swap_ranges(back, p->from(), p->to(), p->width());
  swap_ranges(back, p->udp, p->udp + 2, 2);
  back[flag_at] |= flag;
  std::uint64_t& count = counts_[{run_id, stream, full ? 1U : 0U}];
  if (full && (frame[sig + 23] & XTG_SIG_F_REFLECTOR) != 0 && sig >= p->udp + 8 + 24) {
    store_be(std::span(back).subspan(sig - 24, 8), count);
    if (seen.size() == frame.size() && setup_.shared && type == XTG_SIG_DATA)
      back[sig - 24] = seen[sig - 24]; // the CPU
    if (seen.size() == frame.size())
      std::copy_n(seen.begin() + static_cast<long>(sig - 16), 16,
                  back.begin() + static_cast<long>(sig - 16));
  }
  if (type == XTG_SIG_DATA) count++;
  // A checksum that was wrong stays wrong by as much.
  const auto was = number(frame, p->udp + 6, 2);
  if (was != 0) {
    const std::uint32_t sum = static_cast<std::uint32_t>(was) + udp_checksum(back, *p) +
                              (0xffff - udp_checksum(frame, *p));
    store_be(std::span(back).subspan(p->udp + 6, 2), sum % 0xffff == 0 ? 0xffff : sum % 0xffff);
  }
  return back;
}

} // namespace xtg::test
