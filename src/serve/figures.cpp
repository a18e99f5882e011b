// SPDX-License-Identifier: BSD-2-Clause
#include "serve/figures.h"

#include <utility>
#include <variant>

#include "serve/overloaded.h"

namespace xtg::serve {
namespace {

template <class T>
void add(std::optional<T>& sum, T more) {
  sum = sum.value_or(0) + more;
}

void add(Figures& figures, const stats::TxCounters& tx) {
  add(figures.sent, tx.accepted);
  add(figures.driver_drops, tx.errors());
}

void add(Figures& figures, const stats::RxSample& rx) {
  add(figures.received, rx.sum.unique + rx.sum.matched);
  add(figures.lost, rx.sum.lost);
  figures.delay.merge(rx.delay.histogram);
}

} // namespace

void add(Figures& figures, const report::Interval& interval) {
  std::visit(Overloaded{[&](const stats::Sample& s) { add(figures, s.tx); },
                        [&](const stats::PortTestSample& s) {
                          for (const auto& tx : s.tx)
                            if (tx) add(figures, tx->tx);
                          for (const auto& flow : s.flows)
                            add(figures, flow.rx);
                        },
                        [&](const stats::TcpSample& s) { add(figures, s.tx); },
                        [&](const stats::RxSample& s) { add(figures, s); },
                        [&](const stats::ReflectSample& s) {
                          add(figures.reflected, s.sum.reflected());
                          add(figures.driver_drops, s.sum.dropped);
                        },
                        [](const stats::TcpSinkSample&) {}, // bytes, no packets
                        [&](const report::SearchTrial& s) {
                          add(figures.sent, s.outcome.asked - s.outcome.unsent);
                          add(figures.received, s.outcome.received);
                          add(figures.lost, static_cast<std::int64_t>(s.outcome.lost));
                          figures.delay.merge(s.delay.histogram);
                        }},
             interval);
}

void conclude(Figures& sums, const report::End& end) {
  if (std::holds_alternative<report::SearchEnd>(end)) return; // it counts nothing but its trials
  Figures figures;
  std::visit(Overloaded{[&](const stats::Summary& s) { add(figures, s.total.tx); },
                        [&](const report::PortTestEnd& e) {
                          for (const auto& port : e.summary.ports)
                            if (port.tx) add(figures, port.tx->total.tx);
                          for (const auto& flow : e.summary.flows)
                            add(figures, flow.rx.total);
                        },
                        [&](const stats::TcpSummary& s) { add(figures, s.total.tx); },
                        [&](const report::RxEnd& e) { add(figures, e.summary.total); },
                        [&](const stats::ReflectSummary& s) {
                          add(figures.reflected, s.total.sum.reflected());
                          add(figures.driver_drops, s.total.sum.dropped);
                        },
                        [](const stats::TcpSinkSummary&) {}, [](const report::SearchEnd&) {}},
             end);
  sums = std::move(figures);
}

} // namespace xtg::serve
