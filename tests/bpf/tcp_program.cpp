// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_program.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <random>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <net/if.h>

// The skeleton names the types of the shared ABI, so those headers come first.
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_open.h"
#include "xtg/abi/tcp_wheel.h"
#include "xtg_tcp_bpf.skel.h"

#include "core/clock.h"
#include "packet/bytes.h"

namespace xtg::test {

namespace {

struct Chunk {
  std::uint8_t bytes[XTG_TCP_CHUNK + XTG_TCP_OVERLAP];
};

/// Sum of big-endian 16-bit words; an odd last byte is the first of a word.
std::uint32_t plain_sum(std::span<const std::uint8_t> bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); i++) {
    sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

std::uint32_t run_packet(int prog_fd, const Bytes& packet, std::uint32_t times) {
  Bytes page = packet;
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = page.data();
  opts.data_size_in = static_cast<__u32>(page.size());
  opts.repeat = static_cast<int>(times);
  const int failed = bpf_prog_test_run_opts(prog_fd, &opts);
  EXPECT_EQ(failed, 0) << std::strerror(errno) << ", " << packet.size() << " bytes";
  return opts.retval;
}

} // namespace

void TcpProgram::Closer::operator()(xtg_tcp_bpf* skeleton) const {
  xtg_tcp_bpf::destroy(skeleton);
}

TcpProgram::TcpProgram(const TcpSetup& setup) : header_(setup.header) {
  libbpf_set_print(nullptr);
  if (setup.worker_streams > 1) {
    auto devices = net::IngressDevices::create(setup.worker_streams);
    if (!devices) {
      error_ = devices.error().message();
      return;
    }
    devices_.emplace(std::move(*devices));
  }
  configure(setup);
  if (const int error = load(setup); error != 0)
    error_ = fmt::format("load: {}", std::strerror(error));
}

TcpProgram::~TcpProgram() = default;

void TcpProgram::configure(const TcpSetup& setup) {
  xtg_tcp_config& c = config_;
  packet::encode_tcp_header(setup.header, c);
  c.to_ifindex = if_nametoindex("lo");
  // Who names no device to BPF_PROG_RUN comes by the loopback.
  c.ingress_base = devices_ ? static_cast<__u32>(devices_->base_ifindex()) : c.to_ifindex;
  c.n_workers = setup.worker_streams;
  c.n_flows = setup.flows;
  c.board_words = 16;
  c.events_mask = kEvents - 1;
  c.ready_mask = std::bit_ceil(setup.flows + 1) - 1;
  c.mss = setup.mss;
  c.sack = 1;
  c.burst = setup.burst;
  c.congestion = XTG_TCP_CC_NONE;
  c.floor_segs = 10;
  c.silence_us = 60'000'000;
  c.give_up_us = 100'000'000;
  c.tail_slack_us = 10'000'000; // no probe unless a test wants one
  c.pace_ns_q = setup.pace_ns_q;
  c.renew = setup.renew ? 1 : 0;
  c.bare = setup.bare ? 1 : 0;
  c.payload = setup.payload.empty() ? 0 : 1;
  c.period = setup.payload.size();
  c.period_segs = static_cast<__u32>((setup.payload.size() + setup.mss - 1) / setup.mss);
}

int TcpProgram::load(const TcpSetup& setup) {
  skel_.reset(xtg_tcp_bpf::open(nullptr));
  if (!skel_) return errno;
  const auto sums = packet::segment_sums(setup.payload, setup.mss);
  auto& maps = skel_->maps;
  bpf_map__set_max_entries(maps.tcp_flows, config_.n_flows);
  bpf_map__set_max_entries(maps.tcp_boards, config_.n_flows * config_.board_words);
  bpf_map__set_max_entries(maps.tcp_events, config_.n_workers * kEvents);
  bpf_map__set_max_entries(maps.tcp_ready, config_.n_workers * (config_.ready_mask + 1));
  bpf_map__set_max_entries(maps.tcp_places, config_.n_flows);
  bpf_map__set_max_entries(maps.tcp_kept, config_.n_flows);
  bpf_map__set_max_entries(maps.tcp_links, config_.n_flows);
  bpf_map__set_max_entries(maps.tcp_payload,
                           static_cast<__u32>(1 + setup.payload.size() / XTG_TCP_CHUNK));
  bpf_map__set_max_entries(maps.tcp_sums,
                           static_cast<__u32>(std::max<std::size_t>(1, sums.size())));
  std::memcpy(&skel_->rodata->tcp_config, &config_, sizeof config_);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skel_->obj) {
    const bool ingress = program == skel_->progs.xtg_tcp_rx || program == skel_->progs.xtg_tcp_tc;
    bpf_program__set_autoload(program,
                              ingress || (setup.send && program == skel_->progs.xtg_tcp_tx));
  }
  if (const int error = xtg_tcp_bpf::load(skel_.get()); error != 0) return -error;
  auto flows =
      xdp::MappedArray<xtg_tcp_flow>::map(bpf_map__fd(skel_->maps.tcp_flows), config_.n_flows);
  if (!flows) return flows.error().sys;
  flows_ = std::move(*flows);
  control().end_ns = ~__u64{0};
  for (std::uint32_t i = 0; i < config_.n_workers; i++) {
    worker(i).number = worker(i).sweep = i;
    worker(i).pace_ns_q = setup.pace_ns_q;
    worker(i).batch = 1; // so that no run is passed over for the rest of a batch
  }
  const __u32 slot = 0, target = config_.to_ifindex;
  if (bpf_map_update_elem(bpf_map__fd(skel_->maps.tcp_targets), &slot, &target, 0) != 0)
    return errno;
  return fill_payload(setup.payload, sums) ? 0 : errno;
}

bool TcpProgram::fill_payload(const Bytes& payload, std::span<const std::uint32_t> sums) const {
  const auto chunk = std::make_unique<Chunk>();
  for (std::size_t at = 0; at < payload.size(); at += XTG_TCP_CHUNK) {
    const auto index = static_cast<__u32>(at / XTG_TCP_CHUNK);
    std::memcpy(chunk->bytes, &payload[at], std::min(payload.size() - at, sizeof(Chunk)));
    if (bpf_map_update_elem(bpf_map__fd(skel_->maps.tcp_payload), &index, chunk.get(), 0) != 0)
      return false;
  }
  for (__u32 i = 0; i < sums.size(); i++)
    if (bpf_map_update_elem(bpf_map__fd(skel_->maps.tcp_sums), &i, &sums[i], 0) != 0) return false;
  return true;
}

xtg_tcp_key TcpProgram::key(std::uint16_t port) const {
  xtg_tcp_key key{};
  std::memcpy(key.remote, header_.dst_addr.bytes.data(), header_.dst_addr.size());
  std::memcpy(key.local, header_.src_addr.bytes.data(), header_.src_addr.size());
  key.remote_port = __builtin_bswap16(header_.dst_port);
  key.local_port = __builtin_bswap16(port);
  return key;
}

void TcpProgram::claim(std::uint32_t number, std::uint16_t port) {
  const xtg_tcp_key connection = key(port);
  const xtg_tcp_place place{number, number % config_.n_workers};
  flow(number).number = number;
  flow(number).worker = place.worker;
  ASSERT_EQ(bpf_map_update_elem(bpf_map__fd(skel_->maps.tcp_places), &connection, &place, 0), 0);
}

void TcpProgram::release(std::uint16_t port) {
  const xtg_tcp_key connection = key(port);
  ASSERT_EQ(bpf_map_delete_elem(bpf_map__fd(skel_->maps.tcp_places), &connection), 0);
}

void TcpProgram::open(std::uint32_t number, const xdp::FlowSetup& setup) {
  claim(number, setup.port);
  xtg_tcp_flow& f = flow(number);
  f.limit = setup.limit;
  f.isn = setup.isn;
  f.wscale = setup.wscale;
  f.own_window = setup.own_window;
  f.own_wscale = setup.own_wscale;
  f.port_be = __builtin_bswap16(setup.port);
  f.rcv_nxt = setup.rcv_nxt;
  f.tsval_base = setup.tsval_base;
  f.wl1 = setup.wl1;
  xtg_tcp_flow_open(&config_, &f, setup.window, setup.rtt_us,
                    static_cast<__u32>(monotonic_ns() / 1000));
  f.phase = XTG_TCP_OPEN;
  control().rounds++;
}

TcpSent TcpProgram::send(std::uint32_t number) {
  TcpSent out;
  Bytes page(config_.header_len + config_.mss, 0xaa);
  if (config_.payload == 0) std::fill(page.begin() + config_.header_len, page.end(), 0);
  out.bytes.resize(page.size() + 64);
  xdp_md context{};
  context.data_end = static_cast<__u32>(page.size());
  if (devices_) context.ingress_ifindex = config_.ingress_base + number;
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = page.data();
  opts.data_size_in = static_cast<__u32>(page.size());
  opts.data_out = out.bytes.data();
  opts.data_size_out = static_cast<__u32>(out.bytes.size());
  opts.ctx_in = &context;
  opts.ctx_size_in = sizeof context;
  xdp_md after{};
  opts.ctx_out = &after;
  opts.ctx_size_out = sizeof after;
  opts.repeat = 1;
  const auto call = [&]() -> Status {
    out.before_ns = monotonic_ns();
    const int failed = bpf_prog_test_run_opts(bpf_program__fd(skel_->progs.xtg_tcp_tx), &opts);
    const int error = errno;
    out.after_ns = monotonic_ns();
    if (failed != 0) return fail_sys(error, "run the program");
    return {};
  };
  const Status ran = devices_ ? devices_->run(call) : call();
  EXPECT_TRUE(ran) << ran.error().message();
  out.action = opts.retval;
  out.metadata = after.data - after.data_meta; // which comes out first
  out.bytes.resize(opts.data_size_out);
  out.bytes.erase(out.bytes.begin(), out.bytes.begin() + out.metadata);
  return out;
}

std::vector<TcpSent> TcpProgram::send_all(std::uint32_t worker, std::size_t most) {
  std::vector<TcpSent> out;
  while (out.size() < most) {
    TcpSent sent = send(worker);
    if (sent.action != XDP_REDIRECT) break;
    out.push_back(std::move(sent));
  }
  return out;
}

std::uint32_t TcpProgram::receive(const Bytes& packet, std::uint32_t times) const {
  return run_packet(bpf_program__fd(skel_->progs.xtg_tcp_rx), packet, times);
}
std::uint32_t TcpProgram::receive_tc(const Bytes& packet) const {
  return run_packet(bpf_program__fd(skel_->progs.xtg_tcp_tc), packet, 1);
}

std::optional<xtg_tcp_event> TcpProgram::take_event(std::uint32_t number) {
  xtg_tcp_worker& l = worker(number);
  const auto slot = static_cast<__u32>(number * kEvents + l.event_tail % kEvents);
  xtg_tcp_event event{};
  EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(skel_->maps.tcp_events), &slot, &event), 0);
  if (event.turn != l.event_tail + 1) return std::nullopt;
  l.event_tail++;
  if ((event.flags & XTG_TCP_KEPT) == 0) return event;
  xtg_tcp_kept kept{};
  EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(skel_->maps.tcp_kept), &event.flow, &kept), 0);
  EXPECT_EQ(kept.state, std::uint64_t{XTG_TCP_KEPT_FULL});
  event = kept.event;
  kept.state = XTG_TCP_KEPT_NONE;
  EXPECT_EQ(bpf_map_update_elem(bpf_map__fd(skel_->maps.tcp_kept), &event.flow, &kept, 0), 0);
  return event;
}

xtg_tcp_worker& TcpProgram::worker(std::uint32_t number) const {
  return skel_->bss->tcp_workers[number];
}
xtg_tcp_queue& TcpProgram::queue(std::uint32_t worker) const {
  return skel_->bss->tcp_queues[worker];
}
xtg_tcp_untaken& TcpProgram::untaken() const {
  return skel_->bss->tcp_untaken;
}
xtg_tcp_icmp& TcpProgram::icmp() const {
  return skel_->bss->tcp_icmp;
}
xtg_tcp_control& TcpProgram::control() const {
  return skel_->bss->tcp_control;
}

packet::TcpHeaderSpec tcp_header(packet::Family family, bool timestamps) {
  const bool v4 = family == packet::Family::V4;
  packet::TcpHeaderSpec spec;
  spec.dst_mac = packet::Mac::parse("02:00:00:00:00:02").value();
  spec.src_mac = packet::Mac::parse("02:00:00:00:00:01").value();
  spec.dst_addr = packet::Ip::parse(v4 ? "198.51.100.2" : "2001:db8:0:2::2").value();
  spec.src_addr = packet::Ip::parse(v4 ? "192.0.2.1" : "2001:db8:0:1::1").value();
  spec.dst_port = 10000;
  spec.tos = 0xb8;
  spec.hop_limit = 61;
  spec.timestamps = timestamps;
  return spec;
}

packet::TcpHeaderSpec far_header(const packet::TcpHeaderSpec& ours, std::uint16_t port) {
  packet::TcpHeaderSpec spec = ours;
  std::swap(spec.dst_mac, spec.src_mac);
  std::swap(spec.dst_addr, spec.src_addr);
  spec.dst_port = port;
  return spec;
}

testing::AssertionResult sums_right(std::span<const std::uint8_t> frame) {
  const bool v4 = packet::load_be(frame.subspan(12, 2)) == 0x0800;
  const std::size_t l4 = v4 ? 34 : 54;
  const std::size_t length =
      v4 ? packet::load_be(frame.subspan(16, 2)) - 20 : packet::load_be(frame.subspan(18, 2));
  if (l4 + length > frame.size())
    return testing::AssertionFailure() << "segment of " << length << " bytes in " << frame.size();
  if (v4 && plain_sum(frame.subspan(14, 20), 0) != 0xffff)
    return testing::AssertionFailure() << "checksum of the IPv4 header";
  std::uint32_t sum = plain_sum(v4 ? frame.subspan(26, 8) : frame.subspan(22, 32), 6);
  sum = plain_sum(frame.subspan(l4, length), sum + static_cast<std::uint32_t>(length));
  if (sum != 0xffff) return testing::AssertionFailure() << "TCP checksum, off by " << 0xffff - sum;
  return testing::AssertionSuccess();
}

Bytes noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes out(size);
  for (std::uint8_t& byte : out)
    byte = static_cast<std::uint8_t>(random() >> 32);
  return out;
}

} // namespace xtg::test
