// SPDX-License-Identifier: BSD-2-Clause
// Kernel records made by hand, shared by the receiver's tests.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "stats/rx.h"
#include "xtg/abi/tx.h"

namespace xtg::stats::sample {

inline constexpr std::uint64_t kSecond = 1'000'000'000;

/// Packets with numbers from 100 on, all in order, 60 bytes, 1 us apart; delays of 20 ns.
inline RxRecord record(std::uint64_t packets, std::uint32_t unit = 0, std::uint16_t stream = 1,
                       std::uint16_t form = XTG_SIG_FULL) {
  RxRecord r;
  r.delay.resize(XTG_HIST_CELLS);
  r.arrival.resize(XTG_HIST_CELLS);
  r.slot.key = {0xc0ffee, stream, form, unit};
  r.slot.packets = packets;
  r.slot.bytes = packets * 60;
  r.slot.base = 100;
  r.slot.next = 100 + packets;
  r.slot.first_ns = 5'000;
  r.slot.last_ns = 5'000 + 1'000 * (packets - 1);
  r.slot.delay_sum = packets * 20;
  r.slot.delay_min = r.slot.delay_max = 20;
  r.slot.size_min = r.slot.size_max = 60;
  r.delay[20] = packets; // below 32 ns a cell is one value
  if (packets > 1) r.arrival[xtg_hist_cell(1'000)] = packets - 1;
  return r;
}

inline RxSnapshot at(std::uint64_t time_ns, std::vector<RxRecord> records) {
  RxSnapshot snapshot;
  snapshot.time_ns = time_ns;
  snapshot.records = std::move(records);
  return snapshot;
}

/// Numbers 0 to 127 but 10, 20, 21 and 120 to 126: runs of 1, 2 and 7.
inline RxRecord with_holes() {
  RxRecord r = record(118);
  r.slot.base = 0;
  r.slot.next = 128;
  r.slot.outage_ns = 9'000;
  r.bitmap = {~((1ULL << 10) | (3ULL << 20)), ~(0x7fULL << 56)};
  return r;
}

} // namespace xtg::stats::sample
