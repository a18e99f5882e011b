// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of a `tcp` run: their constants, and how they are loaded, attached and run.
#include "app/tcp_run.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <future>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "app/driver_refusal.h"
#include "app/renewal.h"
#include "app/run_common.h"
#include "app/tcp_task.h"
#include "net/caps.h"
#include "net/route.h"
#include "packet/tcp.h"
#include "plan/diagnose.h"
#include "plan/pacing.h"
#include "xtg/abi/tcp.h"

namespace xtg::app {

namespace {

constexpr std::uint32_t kMostFrames = 225; // per batch: as many bursts of 45 as a veth's ring holds
constexpr std::uint32_t kPacedUs = 200;    // a paced burst is at most this long
constexpr std::uint32_t kLeastGiveUpUs = 100'000'000; // R2 of RFC 9293, 3.8.3

/// Scoreboard words of a flow: the possible maximum for up to 256 flows, 16 MiB in all; for the
/// largest number of flows what an ordinary receiver's window needs.
std::uint32_t board_words(std::uint32_t flows) {
  const std::uint32_t share = 256 * XTG_TCP_MAX_WORDS / std::max<std::uint32_t>(flows, 1);
  return std::clamp<std::uint32_t>(std::bit_floor(share), 16, XTG_TCP_MAX_WORDS);
}

Result<std::vector<std::uint8_t>> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(Errc::InvalidArgument, fmt::format("--payload-file {}: cannot be read", path));
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty())
    return fail(Errc::InvalidArgument, fmt::format("--payload-file {}: is empty", path));
  return bytes;
}

} // namespace

/// The terms that connections from here usually agree on. With them the programs are loaded and
/// attached before the far end sees a SYN: a failure does not involve the far end, and attaching,
/// which takes the link of some NICs down for a moment, disturbs no connection.
TcpRun::Terms TcpRun::expected_terms() const {
  plan::RouteQuestion question = plan::question_of(plan_.spec, plan_.dst);
  question.interface = plan_.iface.ifindex;
  question.mark = net::socket_defaults().mark;
  net::RouteOptions ask;
  ask.resolve = false;
  const auto src = plan_.src ? plan_.src : net::route_to(question, ask).src;
  return {src.value_or(packet::Ip{}), net::default_options(), plan_.max_segment_ip};
}

TcpRun::Terms TcpRun::agreed_terms() const {
  const auto open =
      std::ranges::find_if(flows_, [](const Flow& flow) { return flow.socket.valid(); });
  Terms terms{open->local.addr, options_, plan_.max_segment_ip};
  for (const Flow& flow : flows_)
    if (flow.socket.valid()) terms.mss = std::min(terms.mss, flow.state.mss_payload);
  return terms;
}

xtg_tcp_config TcpRun::configure(const Terms& terms) const {
  xtg_tcp_config c{};
  packet::TcpHeaderSpec header;
  header.dst_mac = plan_.dst_mac;
  header.src_mac = plan_.src_mac;
  header.dst_addr = plan_.dst;
  header.src_addr = terms.src;
  header.dst_port = plan_.spec.port;
  header.hop_limit = plan_.spec.hop_limit;
  header.tos = plan_.spec.tos;
  header.ecn = terms.options.ecn;
  header.timestamps = terms.options.timestamps;
  packet::encode_tcp_header(header, c);

  c.sack = terms.options.sack ? 1 : 0;
  c.mss = std::min(plan_.max_segment_ip + 14 - c.header_len, terms.mss);
  if (plan_.spec.mss) c.mss = std::min(c.mss, *plan_.spec.mss);
  c.to_ifindex = static_cast<std::uint32_t>(plan_.iface.ifindex);
  c.n_workers = static_cast<std::uint32_t>(plan_.cpus.size());
  c.n_flows = plan_.spec.flows;
  c.board_words = board_words(c.n_flows);
  c.burst = plan_.spec.burst;
  c.congestion = plan_.spec.congestion == plan::Congestion::None   ? XTG_TCP_CC_NONE
                 : plan_.spec.congestion == plan::Congestion::Reno ? XTG_TCP_CC_RENO
                                                                   : XTG_TCP_CC_CUBIC;
  c.floor_segs = std::clamp<std::uint32_t>(2048 / c.n_flows, 10, 256);
  // Many flows share the receiver's CPU, which needs time for each.
  c.tail_slack_us = std::clamp<std::uint32_t>(100 * c.n_flows, 10'000, 200'000);
  c.silence_us = static_cast<std::uint32_t>(
      std::min<std::int64_t>(plan_.spec.silence.count() / 1000, 2'000'000'000));
  c.give_up_us = std::max(c.silence_us, kLeastGiveUpUs);
  return c;
}

std::uint64_t TcpRun::limit_of(std::size_t number) const {
  if (number < plan_.flow_segments.size())
    return plan_.flow_segments[number] * std::uint64_t{config_.mss};
  return number < plan_.flow_bytes.size() ? plan_.flow_bytes[number] : plan::kNoLimit;
}

Status TcpRun::read_payload() {
  if (plan_.spec.payload == plan::TcpPayload::Pattern) {
    payload_ = packet::pattern_payload();
  } else if (plan_.spec.payload == plan::TcpPayload::File) {
    auto bytes = read_file(plan_.spec.payload_file);
    if (!bytes) return tl::unexpected<Error>(std::move(bytes.error()));
    payload_ = plan_.spec.repeat ? packet::repeated_payload(*bytes) : std::move(*bytes);
  }
  return {};
}

Status TcpRun::load(const xtg_tcp_config& config) {
  if (anchored_.valid()) anchored_.wait();
  filter_.reset();
  sender_.reset();
  devices_.reset();
  const auto workers = static_cast<unsigned>(plan_.cpus.size());
  auto devices =
      by_tc() ? net::IngressDevices::create_here(workers) : net::IngressDevices::create(workers);
  if (!devices) return forward(std::move(devices), "make the ingress devices");
  devices_.emplace(std::move(*devices));
  config_ = config;
  config_.ingress_base = static_cast<std::uint32_t>(devices_->base_ifindex());
  if (!payload_.empty()) {
    sums_ = packet::segment_sums(payload_, config_.mss);
    config_.payload = 1;
    config_.period = payload_.size();
    config_.period_segs = static_cast<std::uint32_t>(sums_.size());
  }
  const double frame = config_.header_len + config_.mss;
  const plan::LayerBits bits{(frame + 24) * 8, (frame + 4) * 8, (frame - 14) * 8};
  auto pps = plan::scheduled_pps(plan_.spec.rate, bits);
  if (!pps) return tl::unexpected<Error>(std::move(pps.error()));
  if (*pps) {
    const double per_worker = **pps / config_.n_workers;
    config_.pace_ns_q = static_cast<std::uint64_t>(1e9 / **pps * (1 << 20));
    config_.burst = static_cast<std::uint32_t>(
        std::clamp(per_worker * kPacedUs * 1e-6, 1.0, static_cast<double>(config_.burst)));
  }

  xdp::TcpSenderSpec spec;
  spec.config = config_;
  spec.payload = payload_;
  spec.sums = sums_;
  spec.flow_histograms = config_.n_flows <= 256;
  spec.config.by_tc = by_tc() ? 1 : 0;
  spec.config.bare = plan_.iface.ethernet ? 0 : 1;
  if (!by_tc()) {
    auto renew = must_renew(plan_.iface);
    if (!renew) return tl::unexpected<Error>(std::move(renew.error()));
    if (*renew) notes_.push_back(plan::renewal_note(plan_.iface));
    spec.config.renew = *renew ? 1 : 0;
  }
  auto sender = xdp::TcpSender::load(spec);
  if (!sender) return tl::unexpected<Error>(std::move(sender.error()));
  sender_.emplace(std::move(*sender));
  return {};
}

/// Runs during the handshakes; it must be done before the first frame.
void TcpRun::begin_anchoring() {
  anchored_ = std::async(std::launch::async, [this]() -> Status {
    if (by_tc())
      if (auto attached = sender_->attach_egress(); !attached) return attached;
    return devices_->run([this] { return sender_->attach_ingress_devices(); });
  });
}

Status TcpRun::attach_hook() {
  const int ifindex = plan_.iface.ifindex;
  if (plan_.spec.ingress != plan::Ingress::Tc && plan_.iface.ethernet) {
    ingress_ = "xdp";
    auto attached = sender_->attach_xdp_hook(ifindex);
    if (attached) return {};
    const bool only = plan_.spec.ingress == plan::Ingress::Xdp;
    Error why = explained(std::move(attached.error()), plan_.iface, Program::Receiver);
    if (only)
      return tl::unexpected<Error>(
          std::move(why).context(fmt::format("{}: --ingress xdp", plan_.iface.name)));
    notes_.push_back(fmt::format("{}: segments are taken by a tc program instead", why.message()));
  }
  auto filter =
      or_by_filter(sender_->attach_tcx_hook(ifindex), sender_->tc_program(), ifindex, "xtg_tcp");
  if (!filter) return tl::unexpected<Error>(std::move(filter.error()));
  filter_ = std::move(*filter);
  ingress_ = filter_ ? "clsact" : "tcx";
  // The ingress hook in the driver, if attached, serves as the pass program.
  if (!by_tc() && plan::needs_pass_program(plan_.iface)) {
    auto note = pass_note(plan_.iface, sender_->attach_pass(ifindex));
    if (!note) return tl::unexpected<Error>(std::move(note.error()));
    notes_.push_back(std::move(*note));
  }
  return {};
}

Status TcpRun::start_workers() {
  const std::uint32_t frame = config_.header_len + config_.mss;
  const std::uint32_t batch = std::max(1U, kMostFrames / config_.burst) * config_.burst;
  const bool paced = config_.pace_ns_q != 0;
  const auto caps = net::effective_caps();
  const bool may_step_back = !paced && caps && caps->sys_nice;
  std::vector<tx::PooledWorker> workers;
  for (std::size_t worker = 0; worker < plan_.cpus.size(); worker++) {
    tx::PooledWorker pooled;
    pooled.cpu = plan_.cpus[worker];
    pooled.task = std::make_unique<TcpTask>(*sender_, *devices_, worker, frame,
                                            paced ? config_.burst : batch, may_step_back);
    workers.push_back(std::move(pooled));
  }
  pool_ = std::make_unique<tx::WorkerPool>(std::move(workers), nullptr);
  if (auto ready = pool_->wait_ready(); !ready) return ready;
  for (const int cpu : pool_->unpinned())
    notes_.push_back(fmt::format("a thread could not be pinned to CPU {}", cpu));
  return {};
}

} // namespace xtg::app
