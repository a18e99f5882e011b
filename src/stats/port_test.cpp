// SPDX-License-Identifier: BSD-2-Clause
#include "stats/port_test.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "stats/rise.h"
#include "xtg/abi/tx.h"

namespace xtg::stats {

namespace {

/// Drops at a receiving port's interface, minus those that its veth peer's sender has already
/// counted as refused.
std::uint64_t drops_at(const PortTestSummary& summary, const std::vector<PortFacts>& facts,
                       std::size_t port) {
  const RxUncounted& uncounted = summary.ports[port].rx->uncounted;
  std::uint64_t dropped = uncounted.link_dropped;
  for (std::size_t from = 0; from < facts.size(); from++)
    if (facts[from].peer == port && summary.ports[from].tx)
      dropped -= std::min(dropped, summary.ports[from].tx->total.tx.driver_drops);
  return dropped + uncounted.link_missed + uncounted.link_errors;
}

/// Drops at one receiving port, by sender.
std::vector<std::uint64_t> drops_by_sender(const PortTestSummary& summary,
                                           const std::vector<PortFacts>& facts, std::size_t port) {
  std::vector<std::uint64_t> arrived(summary.ports.size(), 0);
  bool any = false;
  for (const auto& flow : summary.flows) {
    if (flow.to != port) continue;
    arrived[flow.from] = flow.rx.total.sum.unique;
    any = any || arrived[flow.from] != 0;
  }
  // If nothing arrived, packets of any other sending port may have been dropped.
  for (std::size_t from = 0; !any && from < arrived.size(); from++)
    arrived[from] = summary.ports[from].tx && (from != port || summary.ports.size() == 1) ? 1 : 0;
  return share_out(drops_at(summary, facts, port), arrived);
}

} // namespace

void LossSoFar::enter(PortTestSample& sample) {
  senders_.resize(sample.tx.size());
  sample.lost.assign(sample.tx.size(), 0);
  sample.missing.assign(sample.tx.size(), 0);
  sample.loss_by_flow.assign(sample.tx.size(), false);
  for (const auto& flow : sample.flows) {
    auto& arrived = senders_[flow.from].arrived;
    arrived.resize(sample.tx.size());
    arrived[flow.to] += flow.rx.sum.unique;
  }
  for (std::size_t from = 0; from < sample.tx.size(); from++) {
    if (!sample.tx[from]) continue;
    Sender& sender = senders_[from];
    sender.accepted += sample.tx[from]->tx.accepted;
    sender.refused += sample.tx[from]->tx.errors();
    sender.resent += sample.tx[from]->tx.resent;
    const std::uint64_t arrived =
        std::accumulate(sender.arrived.begin(), sender.arrived.end(), std::uint64_t{0});
    const std::uint64_t lost = rise(arrived, sender.accepted);
    sample.lost[from] = static_cast<std::int64_t>(lost - sender.lost);
    sender.lost = lost;
    sample.missing[from] = static_cast<std::int64_t>(lost);
    const auto ports = std::ranges::count_if(sender.arrived, [](auto count) { return count != 0; });
    sample.loss_by_flow[from] = ports <= 1 && sender.refused == sender.resent;
  }
}

bool loss_by_flow(const PortTestSummary& summary, std::size_t from) {
  const auto& tx = summary.ports[from].tx;
  const auto ports = std::ranges::count_if(summary.flows, [&](const auto& flow) {
    return flow.from == from && flow.rx.total.sum.packets != 0;
  });
  return ports <= 1 && tx && tx->total.tx.refused() == 0;
}

std::vector<std::size_t> silent_senders(const PortTestSummary& summary) {
  std::vector<std::size_t> silent;
  for (std::size_t from = 0; from < summary.ports.size(); from++) {
    const auto& tx = summary.ports[from].tx;
    if (!tx || tx->total.tx.accepted == 0) continue;
    if (std::ranges::none_of(summary.flows, [&](const auto& flow) {
          return flow.from == from && flow.rx.total.sum.packets != 0;
        }))
      silent.push_back(from);
  }
  return silent;
}

RxSnapshot of_run(const RxSnapshot& snapshot, std::uint32_t run_id) {
  RxSnapshot out;
  out.time_ns = snapshot.time_ns;
  for (const RxRecord& record : snapshot.records)
    if (is_of_run(record.slot.key, run_id)) out.records.push_back(record);
  return out;
}

RxSummary all_ports(const PortTestSummary& summary) {
  RxSummary out;
  // As within a port, one-way and round-trip delays are never combined.
  const bool straight = std::ranges::any_of(summary.ports, [](const PortSummary& port) {
    return port.rx && port.rx->total.delay.count != 0 && port.rx->total.path == RxPath::OneWay;
  });
  for (const PortSummary& port : summary.ports) {
    if (!port.rx) continue;
    const RxSample& total = port.rx->total;
    out.total.start_s = total.start_s;
    out.total.end_s = std::max(out.total.end_s, total.end_s);
    out.total.sum += total.sum;
    out.total.pps += total.pps;
    out.total.jitter_ns = std::max(out.total.jitter_ns, total.jitter_ns);
    for (const RxStream& stream :
         port.rx->streams) // a stream that arrived at several ports counts once
      if (std::ranges::find(out.streams, stream.name, &RxStream::name) == out.streams.end())
        out.streams.push_back(stream);
    if (total.delay.count == 0 || (straight && total.path == RxPath::RoundTrip)) continue;
    out.total.path = total.path;
    out.total.delay.merge(total.delay);
  }
  return out;
}

void add_ledgers(PortTestSummary& summary, const std::vector<PortFacts>& facts) {
  std::vector<std::uint64_t> drops(summary.ports.size(), 0);
  for (std::size_t to = 0; to < summary.ports.size(); to++) {
    if (!summary.ports[to].rx) continue;
    const auto shares = drops_by_sender(summary, facts, to);
    std::ranges::transform(drops, shares, drops.begin(), std::plus<>());
  }
  for (std::size_t from = 0; from < summary.ports.size(); from++) {
    PortSummary& port = summary.ports[from];
    if (!port.tx) continue;
    LedgerFacts ledger;
    ledger.tx = port.tx->total.tx;
    ledger.end = port.tx->end;
    ledger.amount = facts[from].amount;
    ledger.paced = facts[from].paced;
    ledger.receiver_drops = drops[from];
    ledger.arrived = facts[from].arrived;
    ledger.short_of_rate = !port.tx->shortfall.empty();
    for (const auto& flow : summary.flows)
      if (flow.from == from) ledger.received += flow.rx.total.sum;
    port.ledger = make_ledger(ledger);
  }
}

} // namespace xtg::stats
