// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/receiver.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "xtg/abi/rx.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/tx.h"

#include "core/clock.h"
#include "core/unique_fd.h"
#include "stats/rx_slots.h"
#include "xdp/libbpf.h"
#include "xdp/mapped.h"
#include "xdp/receiver_program.h"
#include "xdp/sample_ring.h"

namespace xtg::xdp {

namespace {

stats::RxUnit unit_of(unsigned number, xtg_rx_queue& q) {
  return {number, peek(q.packets), peek(q.bytes), peek(q.passed)};
}

stats::RxAnnouncement announcement_of(const xtg_rx_announce_key& key,
                                      const xtg_rx_announcement& value) {
  stats::RxAnnouncement out;
  out.run_id = key.run_id;
  out.stream = key.stream;
  out.end = key.type == XTG_SIG_END;
  out.reflected = key.reflected != 0;
  out.tai = (value.flags & XTG_SIG_F_TAI) != 0;
  out.frames = value.frames;
  out.driver_drops = value.driver_drops;
  out.duration_ns = value.duration_ns;
  out.rate_millipps = value.rate;
  out.host = value.host;
  out.clock_error_ns = value.clock_error;
  out.frame_size = value.frame_size;
  out.streams = value.streams;
  out.threads = value.threads;
  out.arrival_ns = value.arrival_ns;
  out.seen = value.seen;
  out.reflector_seq = value.reflector_seq;
  out.reflector_rx_ns = value.reflector_rx_ns;
  out.reflector_tx_ns = value.reflector_tx_ns;
  return out;
}

} // namespace

struct Receiver::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  /// A program that stays attached must not go on counting.
  ~Impl() {
    if (object.control != nullptr) poke(object.control->started, __u32{0});
  }

  ReceiverProgram object;
  xtg_rx_config config{};
  AttachMode attach_mode = AttachMode::Native;
  MappedArray<xtg_rx_record> records;
  std::optional<SampleRing> samples;
  std::deque<stats::RxRecord> retired; // of reclaimed slots, with bitmaps
  std::uint64_t forgotten = 0;         // packets of records dropped for lack of space
  std::vector<std::uint32_t> leaving;  // slots to clear at the next make_room()
  UniqueFd link;                       // ends before the program

  [[nodiscard]] std::uint32_t used() const;
  [[nodiscard]] stats::RxRecord record(std::uint32_t number, bool words) const;
  [[nodiscard]] std::vector<stats::SlotUse> uses() const;
  [[nodiscard]] Status clear_leaving();
  void retire(std::uint32_t number);
  [[nodiscard]] Status add_cpus(stats::RxSnapshot& out) const;
};

std::uint32_t Receiver::Impl::used() const {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(peek(object.control->slots), config.n_slots));
}

stats::RxRecord Receiver::Impl::record(std::uint32_t number, bool words) const {
  const xtg_rx_record& from = records[number];
  stats::RxRecord out;
  std::memcpy(&out.slot, &from.slot, sizeof out.slot);
  if (out.slot.packets == 0) return out; // assigned a moment ago
  out.delay.assign(std::begin(from.hist.delay), std::end(from.hist.delay));
  out.arrival.assign(std::begin(from.hist.arrival), std::end(from.hist.arrival));
  if (!words) return out;
  // The record's bitmap has the size of the window, which exceeds the struct.
  const __u64* first = from.bitmap;
  const __u64* second = first + config.window / XTG_RX_WORD;
  out.bitmap.assign(first, second);
  out.twice.assign(second, second + (second - first));
  return out;
}

/// All assigned slots that have been used: one assigned a moment ago has no last packet.
std::vector<stats::SlotUse> Receiver::Impl::uses() const {
  std::vector<stats::SlotUse> out;
  for (std::uint32_t i = 0; i < used(); i++) {
    xtg_rx_slot& slot = records[i].slot;
    if (peek(slot.key.unit) != XTG_RX_NOBODY && peek(slot.packets) != 0)
      out.push_back({i, peek(slot.packets), peek(slot.last_ns)});
  }
  return out;
}

Status Receiver::Impl::clear_leaving() {
  for (const std::uint32_t number : std::exchange(leaving, {})) {
    auto* bytes = reinterpret_cast<std::uint8_t*>(&records[number]);
    const std::size_t kept = sizeof(xtg_rx_key); // the key, which says unassigned
    std::memset(bytes + kept, 0, XTG_RX_RECORD(config.window) - kept);
    if (bpf_map_update_elem(object.free, nullptr, &number, 0) != 0)
      return fail_sys(errno, "free a stream's record");
  }
  return {};
}

void Receiver::Impl::retire(std::uint32_t number) {
  xtg_rx_key key = records[number].slot.key;
  bpf_map_delete_elem(object.places, &key);
  retired.push_back(record(number, true));
  poke(records[number].slot.key.unit, __u32{XTG_RX_NOBODY});
  leaving.push_back(number);
  if (retired.size() <= config.n_slots) return;
  const xtg_rx_slot& oldest = retired.front().slot;
  forgotten += oldest.packets + oldest.suspect;
  retired.pop_front();
}

Receiver::Receiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Receiver::Receiver(Receiver&&) noexcept = default;
Receiver& Receiver::operator=(Receiver&&) noexcept = default;
Receiver::~Receiver() = default;

Result<Receiver> Receiver::load(const xtg_rx_config& config, const xtg_rx_filters& filters,
                                AttachMode attach_mode, bool ethernet,
                                const xtg_rx_sampling& sampling, const Receiver* beside) {
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  impl->attach_mode = attach_mode;
  impl->config.shared = attach_mode == AttachMode::Native ? 0 : 1;
  impl->config.has_tai = has_tai() ? 1 : 0;
  std::optional<int> positions;
  if (beside != nullptr) positions = beside->impl_->object.positions;
  auto object =
      ReceiverProgram::load(impl->config, filters, sampling, attach_mode, ethernet, positions);
  if (!object) return tl::unexpected<Error>(load_error(std::move(object.error())));
  impl->object = std::move(*object);
  auto records = MappedArray<xtg_rx_record>::map(impl->object.records, config.n_slots,
                                                 XTG_RX_RECORD(config.window));
  if (!records) return tl::unexpected<Error>(std::move(records.error()));
  impl->records = std::move(*records);
  if (sampling.why != 0) {
    auto samples = SampleRing::open(impl->object.ring);
    if (!samples) return tl::unexpected<Error>(std::move(samples.error()));
    impl->samples.emplace(std::move(*samples));
  }
  return Receiver(std::move(impl));
}

Status Receiver::attach(int ifindex, KeptLinks* kept) {
  auto link = attach_ingress(impl_->object.program, ifindex, "the receiving program",
                             impl_->attach_mode, kept);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  impl_->link = std::move(*link);
  return {};
}

int Receiver::program() const {
  return impl_->object.program;
}

void Receiver::start() {
  poke(impl_->object.control->started, __u32{1});
}
void Receiver::stop() {
  poke(impl_->object.control->started, __u32{0});
}

Status Receiver::make_room() {
  if (auto cleared = impl_->clear_leaving(); !cleared) return cleared;
  const std::uint32_t most = impl_->config.n_slots, wanted = most / 8 + 1;
  if (impl_->used() + wanted <= most) return {};
  auto uses = impl_->uses();
  const auto free = most - static_cast<std::uint32_t>(uses.size());
  if (free >= wanted) return {};
  for (const std::uint32_t number :
       stats::slots_to_take_back(std::move(uses), monotonic_ns(), wanted - free))
    impl_->retire(number);
  return {};
}

std::uint64_t Receiver::counted() const {
  std::uint64_t packets = 0;
  for (xtg_rx_queue& q : *impl_->object.queues)
    packets += peek(q.packets);
  return packets;
}

std::uint64_t Receiver::announced() const {
  return peek(impl_->object.control->announced);
}

std::uint64_t Receiver::taken() const {
  return peek(impl_->object.control->taken);
}

void Receiver::restart_limit(std::uint64_t taken) {
  std::atomic_ref<__u64>(impl_->object.control->taken).fetch_sub(taken);
  poke(*impl_->object.first, __u64{0});
}

void Receiver::restart_sizes(std::uint64_t before_ns) {
  for (std::uint32_t i = 0; i < impl_->used(); i++) {
    xtg_rx_slot& slot = impl_->records[i].slot;
    if (slot.key.form != XTG_SIG_NONE || peek(slot.first_ns) >= before_ns) continue;
    poke(slot.size_min, ~__u32{0}); // a concurrent frame may get lost here: it is an earlier one
    poke(slot.size_max, __u32{0});
  }
}

Result<std::vector<stats::RxAnnouncement>> Receiver::take_announcements() {
  const int map = impl_->object.announced;
  std::vector<xtg_rx_announce_key> keys;
  xtg_rx_announce_key key{};
  for (xtg_rx_announce_key* at = nullptr; bpf_map_get_next_key(map, at, &key) == 0;
       at = &keys.back()) {
    keys.push_back(key);
    if (keys.size() == XTG_RX_ANNOUNCED) break; // more keep arriving meanwhile
  }
  std::vector<stats::RxAnnouncement> out;
  for (const xtg_rx_announce_key& one : keys) {
    xtg_rx_announcement value{};
    if (bpf_map_lookup_and_delete_elem(map, &one, &value) != 0)
      return fail_sys(errno, "read the announcements");
    out.push_back(announcement_of(one, value));
  }
  poke(impl_->object.control->strangers, __u64{0});
  return out;
}

std::vector<stats::RxArrived> Receiver::arrived() const {
  std::vector<stats::RxArrived> out;
  const auto add = [&out](xtg_rx_slot& slot) {
    const std::uint32_t form = peek(slot.key.form);
    const std::uint64_t packets = peek(slot.packets);
    if (form == XTG_SIG_NONE || (form & XTG_RX_BACK) != 0 || packets == 0) return;
    out.push_back({peek(slot.key.run_id), (form & 0xff) == XTG_SIG_COMPACT, packets,
                   peek(slot.suspect), peek(slot.last_ns)});
  };
  for (stats::RxRecord& record : impl_->retired)
    add(record.slot);
  for (std::uint32_t i = 0; i < impl_->used(); i++)
    if (xtg_rx_slot& slot = impl_->records[i].slot; peek(slot.key.unit) != XTG_RX_NOBODY) add(slot);
  return out;
}

Status Receiver::Impl::add_cpus(stats::RxSnapshot& out) const {
  const int count = libbpf_num_possible_cpus();
  if (count < 0) return fail_sys(-count, "count the CPUs");
  std::vector<xtg_rx_queue> cpus(static_cast<std::size_t>(count));
  const __u32 zero = 0;
  if (bpf_map_lookup_elem(object.cpus, &zero, cpus.data()) != 0)
    return fail_sys(errno, "read the receive counters");
  for (unsigned i = 0; i < cpus.size(); i++)
    if (cpus[i].packets != 0 || cpus[i].passed != 0) out.cpus.push_back(unit_of(i, cpus[i]));
  return {};
}

Result<stats::RxSnapshot> Receiver::snapshot(bool words) const {
  stats::RxSnapshot out;
  out.time_ns = monotonic_ns();
  out.records.assign(impl_->retired.begin(), impl_->retired.end());
  if (!words)
    for (stats::RxRecord& record : out.records)
      record.bitmap.clear(), record.twice.clear();
  for (const stats::SlotUse& use : impl_->uses())
    if (use.packets != 0) out.records.push_back(impl_->record(use.number, words));
  for (unsigned i = 0; i < XTG_RX_QUEUES; i++) {
    xtg_rx_queue& q = (*impl_->object.queues)[i];
    const stats::RxUnit unit = unit_of(i, q);
    if (unit.packets != 0 || unit.passed != 0) out.queues.push_back(unit);
    out.uncounted.filtered += peek(q.filtered);
    out.uncounted.no_slot += peek(q.no_slot);
    out.uncounted.unknown += peek(q.unknown);
    out.uncounted.unsound += peek(q.unsound);
    out.uncounted.unheard += peek(q.unheard);
  }
  out.uncounted.no_slot += impl_->forgotten;
  out.uncounted.candidates = peek(impl_->object.control->candidates);
  if (auto ok = impl_->add_cpus(out); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  return out;
}

Status Receiver::take_samples(const TakeSample& take) {
  return impl_->samples ? impl_->samples->take(take) : Status{};
}

std::uint64_t Receiver::samples_lost() const {
  std::uint64_t lost = 0;
  for (xtg_rx_samples& queue : *impl_->object.samples)
    lost += peek(queue.lost);
  return lost;
}

stats::RxVerified Receiver::verified() const {
  stats::RxVerified sum;
  for (xtg_rx_samples& queue : *impl_->object.samples) {
    sum.corrupt += peek(queue.corrupt);
    sum.unverified += peek(queue.unverified);
  }
  return sum;
}

} // namespace xtg::xdp
