// SPDX-License-Identifier: BSD-2-Clause
// From a plan to connections taken over from the kernel.
#include "app/tcp_run.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>
#include <iterator>
#include <unordered_map>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "app/driver_refusal.h"
#include "app/renewal.h"
#include "app/run_common.h"
#include "app/tcp_task.h"
#include "core/clock.h"
#include "net/caps.h"
#include "net/route.h"
#include "packet/tcp.h"
#include "plan/diagnose.h"
#include "plan/pacing.h"
#include "xtg/abi/base.h"
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_open.h"

namespace xtg::app {

namespace {

constexpr std::uint32_t kMostFrames = 225; // per batch: as many bursts of 45 as a veth's ring holds
constexpr std::uint32_t kPacedUs = 200;    // a paced burst is at most this long
constexpr std::uint32_t kLeastGiveUpUs = 100'000'000; // R2 of RFC 9293, 3.8.3

constexpr std::uint64_t kDelayedAckNs = 250'000'000; // TCP_DELACK_MAX is 200 ms
constexpr unsigned kLookUs = 2'000;

/// Scoreboard words of a flow: the possible maximum for up to 256 flows, 16 MiB in all; for the
/// largest number of flows what an ordinary receiver's window needs.
std::uint32_t board_words(std::uint32_t flows) {
  const std::uint32_t share = 256 * XTG_TCP_MAX_WORDS / std::max<std::uint32_t>(flows, 1);
  return std::clamp<std::uint32_t>(std::bit_floor(share), 16, XTG_TCP_MAX_WORDS);
}

void put_address(__be32 (&to)[4], const packet::Ip& from) {
  std::memset(to, 0, sizeof to);
  std::memcpy(to, from.bytes.data(), from.size());
}

std::uint32_t now_ms() {
  return static_cast<std::uint32_t>(monotonic_ns() / 1'000'000);
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

/// A frozen socket still acknowledges received data from its timer. After our first segment that
/// would be an outdated acknowledgment with a smaller window. Waits for it until `until_ns` at
/// most.
void await_acknowledgment(const net::TcpSocket& socket, std::uint64_t until_ns) {
  for (auto state = socket.state();
       state && state->rcv_wup != state->rcv_nxt && monotonic_ns() < until_ns;
       state = socket.state())
    usleep(kLookUs);
}

tl::unexpected<Error> interruption() {
  return fail(Errc::System, "interrupted before anything was sent");
}

} // namespace

TcpRun::~TcpRun() {
  // Threads end first: no program may run when its maps are freed.
  if (sender_) sender_->stop();
  pool_.reset();
}

void TcpRun::give_up_flow(std::size_t number, stats::FlowEnd end, std::string detail) {
  Flow& flow = flows_[number];
  flow.end = end;
  flow.detail = std::move(detail);
  flow.socket.close();
}

Status TcpRun::connect() {
  net::ConnectSpec spec;
  spec.to = {plan_.dst, plan_.spec.port};
  spec.from = plan_.src;
  spec.ip = ip_fields();
  spec.first_port = plan_.spec.src_port;
  spec.interface = plan_.iface.name;
  spec.count = plan_.spec.flows;
  spec.parallel = plan_.spec.parallel;
  spec.timeout = plan_.spec.connect_timeout;
  if (auto watch = net::HandshakeWatch::open(plan_.dst.family)) handshakes_ = std::move(*watch);
  const std::uint64_t before = monotonic_ns();
  auto opened = net::open_connections(spec, [this] { return interrupted(); });
  if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
  connect_s_ = static_cast<double>(monotonic_ns() - before) * 1e-9;
  if (interrupted()) return interruption();

  flows_.resize(opened->size());
  told_.resize(flows_.size());
  const Error* first = nullptr;
  for (std::size_t i = 0; i < flows_.size(); i++) {
    net::Connected& c = (*opened)[i];
    if (c.error) {
      if (first == nullptr) first = &*c.error;
      give_up_flow(i, stats::FlowEnd::NotOpened, c.error->message());
      continue;
    }
    flows_[i].socket = std::move(c.socket);
  }
  const bool none = std::ranges::none_of(flows_, [](const Flow& f) { return f.socket.valid(); });
  if (none && first != nullptr) return tl::unexpected<Error>(*first);
  return {};
}

/// Gives up a frozen connection before the take-over. Nothing was sent on it, so the kernel's
/// socket resets it; otherwise the far end would keep it.
void TcpRun::reject_flow(std::size_t number, std::string detail) {
  (void)net::send_rst(flows_[number].socket);
  give_up_flow(number, stats::FlowEnd::Lost, std::move(detail));
}

/// Freezes the connections. They share one header, so their options must be equal.
Status TcpRun::read_states() {
  std::optional<Error> first;
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (interrupted()) return interruption();
    Flow& flow = flows_[i];
    if (!flow.socket.valid()) continue;
    auto local = flow.socket.local();
    Status frozen = flow.socket.freeze();
    auto state =
        frozen ? flow.socket.state() : Result<net::TcpState>(tl::unexpected<Error>(frozen.error()));
    if (!local || !state) {
      const Error error = !state ? state.error() : local.error();
      if (error.code == Errc::NoPermission) return tl::unexpected<Error>(error);
      if (!first) first = error;
      if (error.code == Errc::Peer)
        give_up_flow(i, stats::FlowEnd::PeerReset, error.message());
      else
        reject_flow(i, error.message());
      continue;
    }
    flow.local = *local;
    flow.state = *state;
    if (flow.state.usec_timestamps)
      reject_flow(i, "its TCP timestamps are in microseconds, which is not supported");
  }
  agree_on_options();
  if (std::ranges::any_of(flows_, [](const Flow& f) { return f.socket.valid(); })) return {};
  return tl::unexpected<Error>(
      first.value_or(Error{Errc::NotSupported, 0, "no connection could be taken over"}));
}

void TcpRun::agree_on_options() {
  const auto options_of = [](const Flow& flow) {
    return plan::TcpOptions{flow.state.timestamps, flow.state.sack, flow.state.ecn};
  };
  std::vector<plan::TcpOptions> all;
  for (const Flow& flow : flows_)
    if (flow.socket.valid()) all.push_back(options_of(flow));
  if (all.empty()) return;
  options_ = plan::most_common(all);
  for (std::size_t i = 0; i < flows_.size(); i++)
    if (flows_[i].socket.valid() && options_of(flows_[i]) != options_)
      reject_flow(i, "its TCP options differ from those of most flows");
}

/// Detects address translation by this host: by a cgroup program (visible at the socket) or by
/// netfilter (not visible there). Our frames would bypass it and reach an address nobody asked for.
Status TcpRun::look_for_translation() {
  const net::Endpoint asked{plan_.dst, plan_.spec.port};
  std::unordered_map<std::uint32_t, const Flow*> by_ack;
  for (const Flow& flow : flows_) {
    if (!flow.socket.valid()) continue;
    by_ack.emplace(flow.state.snd_nxt, &flow);
    const auto remote = flow.socket.remote();
    if (!remote || *remote == asked) continue;
    return fail(Errc::NotSupported,
                net::translation(asked, flow.local, {.from = *remote, .to = flow.local}));
  }
  if (!handshakes_) return {};
  const auto answers = handshakes_->take();
  unwatched_ =
      std::async(std::launch::async,
                 [watch = std::exchange(handshakes_, std::nullopt)]() mutable { watch.reset(); });
  std::unordered_map<std::uint32_t, std::string> found; // by acknowledgment number
  for (const net::Answer& answer : answers) {
    const auto flow = by_ack.find(answer.ack);
    if (flow == by_ack.end()) continue;
    std::string words = net::translation(asked, flow->second->local, answer);
    if (words.empty()) {
      found.erase(answer.ack);
      by_ack.erase(flow); // correct here, whatever else was seen of it elsewhere
    } else {
      found.try_emplace(answer.ack, std::move(words));
    }
  }
  if (found.empty()) return {};
  return fail(Errc::NotSupported, std::move(found.begin()->second));
}

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

/// From here on the far ends' segments reach the programs.
Status TcpRun::take_over() {
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (interrupted()) return interruption();
    Flow& flow = flows_[i];
    if (!flow.socket.valid()) continue;
    const auto number = static_cast<std::uint32_t>(i);
    put_address(flow.key.remote, plan_.dst);
    put_address(flow.key.local, flow.local.addr);
    flow.key.remote_port = __builtin_bswap16(plan_.spec.port);
    flow.key.local_port = __builtin_bswap16(flow.local.port);
    if (auto claimed = sender_->claim(number, flow.key); !claimed) return claimed;
  }
  // Once more, now that no segment reaches the kernel's sockets any longer.
  if (config_.timestamps != 0)
    if (auto read = sender_->read_ts_recent(); !read) return read;
  const std::uint64_t settle_ns = monotonic_ns() + kDelayedAckNs;
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (interrupted()) return interruption();
    Flow& flow = flows_[i];
    if (!flow.socket.valid()) continue;
    const auto number = static_cast<std::uint32_t>(i);
    await_acknowledgment(flow.socket, settle_ns);
    const std::uint32_t ms = now_ms();
    auto state = flow.socket.state();
    if (!state) {
      (void)sender_->release(flow.key);
      if (state.error().code == Errc::Peer)
        give_up_flow(i, stats::FlowEnd::PeerReset, state.error().message());
      else
        reject_flow(i, state.error().message());
      continue;
    }
    flow.state = *state;
    flow.received = flow.state.unread;
    xdp::FlowSetup setup;
    setup.limit = limit_of(i);
    setup.isn = flow.state.snd_nxt;
    setup.rcv_nxt = flow.state.rcv_nxt;
    setup.tsval_base = flow.state.timestamp + 1 - ms;
    setup.peer_fin = flow.state.tcp_state == 8;
    setup.window = flow.state.snd_wnd;
    setup.wscale = flow.state.snd_wscale;
    setup.own_wscale = flow.state.rcv_wscale;
    setup.own_window =
        static_cast<std::uint16_t>(xtg_tcp_own_window(flow.state.rcv_wnd, flow.state.rcv_wscale));
    flow.state.rcv_wnd = std::uint32_t{setup.own_window} << flow.state.rcv_wscale;
    setup.port = flow.local.port;
    setup.wl1 = flow.state.snd_wl1;
    setup.rtt_us = flow.state.rtt_us;
    sender_->open_flow(number, setup);
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

Status TcpRun::take_steps() {
  follower_.begin({{.question = plan::question_of(plan_.spec, plan_.dst),
                    .range = packet::IpRange{plan_.dst, 1},
                    .way = {plan_.dst_mac, {}},
                    .roams = plan_.spec.interface.empty()}},
                  plan_.iface);
  if (auto done = read_payload(); !done) return done;
  const xtg_tcp_config expected = configure(expected_terms());
  if (auto done = load(expected); !done) return done;
  if (auto done = attach_hook(); !done) return done;
  begin_anchoring();
  if (auto done = connect(); !done) return done;
  attended_.emplace(stop_.attend()); // a frozen connection must not end with the process
  if (auto done = read_states(); !done) return done;
  if (auto done = look_for_translation(); !done) return done;
  const xtg_tcp_config agreed = configure(agreed_terms());
  if (std::memcmp(&agreed, &expected, sizeof agreed) != 0) {
    notes_.clear();
    if (auto done = load(agreed); !done) return done;
    if (auto done = attach_hook(); !done) return done;
    begin_anchoring();
  }
  attended_.emplace(stop_.attend([this] { sender_->stop_new_data(); }));
  if (auto done = take_over(); !done) return done;
  if (auto done = anchored_.get(); !done) return done;
  return start_workers();
}

Status TcpRun::prepare() {
  auto done = take_steps();
  if (done) return done;
  // Nothing was sent: the sockets are still correct, but silent while frozen.
  for (Flow& flow : flows_)
    if (flow.socket.valid()) (void)net::send_rst(flow.socket);
  return done;
}

} // namespace xtg::app
