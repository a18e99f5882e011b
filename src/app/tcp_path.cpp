// SPDX-License-Identifier: BSD-2-Clause
// What a `tcp` run makes of changes of the path under way.
#include <algorithm>

#include <fmt/format.h>

#include "app/tcp_run.h"
#include "net/path_mtu.h"
#include "plan/path_mtu.h"
#include "stats/tcp_silence.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kAskNs = 500'000'000; // how often a silent flow's route is read again

} // namespace

void TcpRun::note(std::string text, report::Sink& sink, std::uint64_t now_ns) {
  sink.take(report::Note{text, clock_.seconds(now_ns)});
  summary_.notes.push_back(std::move(text));
}

void TcpRun::follow_route(report::Sink& sink, std::uint64_t now_ns) {
  const RouteFollower::Change change = follower_.look(now_ns);
  for (const RouteFollower::Moved& moved : change.moved)
    sender_->set_next_hop(moved.way.next_hop);
  for (const std::string& text : change.notes)
    note(text, sink, now_ns);
}

/// A router may have told us, or another connection of this host.
void TcpRun::follow_mtu(report::Sink& sink, std::uint64_t now_ns) {
  const stats::TcpSeen seen = sender_->seen();
  std::optional<std::uint32_t> mtu;
  if (seen.too_big != too_big_) {
    too_big_ = seen.too_big;
    mtu = plan::adopt_mtu(seen.told_mtu, path_mtu_, plan_.dst.family);
  } else if (now_ns >= next_ask_ns_ && sender_->any_timed_out()) {
    next_ask_ns_ = now_ns + kAskNs;
    const auto open = std::ranges::find(flows_, stats::FlowEnd::Running,
                                        [](const Flow& flow) { return flow.end; });
    if (open == flows_.end()) return;
    const auto known = net::path_mtu(plan_.dst, open->local.addr, plan_.iface.name, plan_.spec.tos);
    if (known) mtu = plan::adopt_mtu(*known, path_mtu_, plan_.dst.family);
  }
  if (!mtu) return;
  path_mtu_ = *mtu;
  const std::uint32_t headers = config_.header_len - 14;
  sender_->set_cut(path_mtu_ - headers);
  summary_.path_mtu = path_mtu_;
  note(fmt::format(
           "a link on the path carries IP packets of {} bytes: segments of {} bytes are cut to "
           "{}",
           path_mtu_, config_.mss, path_mtu_ - headers),
       sink, now_ns);
}

/// A clause about why a flow is not answered, with what comes before it; or nothing.
std::string TcpRun::why_silent(std::size_t number) const {
  const auto state = sender_->flow_state(static_cast<std::uint32_t>(number), false);
  const bool untried = state.counters.bytes_acked == 0 && !summary_.path_mtu;
  const std::string why =
      stats::silence_reason(state.counters, sender_->seen(), untried ? config_.mss : 0);
  return why.empty() ? why : ": " + why;
}

} // namespace xtg::app
