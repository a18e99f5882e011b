// SPDX-License-Identifier: BSD-2-Clause
// From a plan to attached programs and waiting threads.
#include "app/udp_run.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/live_worker.h"
#include "app/renewal.h"
#include "app/run_common.h"
#include "net/interrupts.h"
#include "packet/assemble.h"
#include "packet/encode.h"
#include "plan/pacing.h"
#include "plan/placement.h"
#include "plan/tx_path.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kTogetherNs = 20'000; // slots released together span this at most

/// The configuration of each thread: it has a share of every stream.
tx::WorkerSpec worker_spec(const plan::Plan& plan) {
  tx::WorkerSpec spec;
  spec.batch = plan.batch;
  spec.sleep = plan::may_sleep(plan.streams);
  spec.flood = false;
  for (const plan::StreamPlan& stream : plan.streams) {
    if (!stream.pacing) {
      spec.flood = true;
      continue;
    }
    // Slots far apart are missed when the CPU is busy, not because they are released one by one.
    const std::uint64_t most = kTogetherNs / std::max<std::uint64_t>(stream.pacing->interval_ns, 1);
    spec.paced.push_back({.number = stream.id,
                          .slot_frames = stream.pacing->frames_per_slot,
                          .batch_slots = stream.pacing->slots_per_batch,
                          .max_batch_slots = static_cast<std::uint32_t>(most)});
  }
  return spec;
}

} // namespace

Result<std::unique_ptr<UdpRun>> UdpRun::prepare(const plan::Plan& plan, std::uint64_t started_ns,
                                                KeptPort* kept) {
  std::unique_ptr<UdpRun> course(new UdpRun(plan, started_ns));
  if (auto loaded = course->load(kept); !loaded)
    return tl::unexpected<Error>(std::move(loaded.error()));
  if (auto started = course->start_workers(); !started)
    return tl::unexpected<Error>(std::move(started.error()));
  return course;
}

Status UdpRun::make_devices(KeptPort* kept) {
  const auto count = static_cast<unsigned>(plan_.cpus.size()) + (plan_.announce ? 1U : 0U);
  const bool here = plan_.via != plan::TxPath::Xdp;
  if (kept != nullptr && kept->devices && kept->devices->count() == count && kept->here == here) {
    devices_ = kept->devices;
    return {};
  }
  auto devices =
      here ? net::IngressDevices::create_here(count) : net::IngressDevices::create(count);
  if (!devices) return forward(std::move(devices), "make the ingress devices");
  devices_ = std::make_shared<net::IngressDevices>(std::move(*devices));
  if (kept == nullptr) return {};
  kept->devices = devices_;
  kept->here = here;
  return {};
}

Status UdpRun::load(KeptPort* kept) {
  if (auto made = make_devices(kept); !made) return made;
  const auto workers = static_cast<unsigned>(plan_.cpus.size());
  const bool by_xdp = plan_.via == plan::TxPath::Xdp;
  xdp::SenderSpec spec;
  spec.ingress_base = static_cast<std::uint32_t>(devices_->base_ifindex());
  spec.to_ifindex = plan_.iface.ifindex;
  std::vector<packet::EncodedStream> streams;
  for (const plan::StreamPlan& stream : plan_.streams) {
    streams.push_back(plan::encode(stream));
    spec.totals.push_back(stream.num_packets.value_or(~std::uint64_t{0}));
  }
  auto tables = packet::assemble(std::move(streams));
  if (!tables) return tl::unexpected<Error>(std::move(tables.error()));
  spec.tables = std::move(*tables);
  spec.workers = workers;
  spec.control_frames = plan_.announce;
  spec.resend = !plan_.once;
  spec.via = plan_.via;
  spec.loopback = plan_.iface.loopback;
  spec.queues = plan::tx_queues(plan_);
  if (by_xdp) {
    auto renew = must_renew(plan_.iface);
    if (!renew) return tl::unexpected<Error>(std::move(renew.error()));
    spec.renew = *renew;
  }
  if (spec.renew) notes_.push_back(plan::renewal_note(plan_.iface));
  auto sender = xdp::Sender::load(spec);
  if (!sender) return tl::unexpected<Error>(std::move(sender.error()));
  sender_.emplace(std::move(*sender));
  if (plan_.announce) announcer_.emplace(plan_, *sender_, *devices_);
  return attach(kept);
}

Status UdpRun::attach(KeptPort* kept) {
  xdp::KeptLinks* links = kept != nullptr ? &kept->links : nullptr;
  if (auto attached = devices_->run([&] { return sender_->attach_ingress_devices(links); });
      !attached)
    return attached;
  if (plan_.via != plan::TxPath::Xdp)
    if (auto attached = sender_->attach_egress(); !attached) return attached;
  if (const std::string note = plan::tx_path_note(plan_.via_reason); !note.empty())
    notes_.push_back(note);
  if (std::string note =
          plan::shared_cpus_note(plan_.iface.name, net::interrupts(plan_.iface.name), plan_.cpus);
      !note.empty())
    notes_.push_back(std::move(note));
  if (plan_.attach_pass) {
    auto note = pass_note(plan_.iface, sender_->attach_pass(plan_.iface.ifindex, links));
    if (!note) return tl::unexpected<Error>(std::move(note.error()));
    notes_.push_back(std::move(*note));
  }
  return {};
}

Status UdpRun::start_workers() {
  for (const plan::StreamPlan& stream : plan_.streams)
    bits_.push_back(
        {stream.l1_bits, stream.l2_bits, stream.l3_bits, stream.frame.mix, stream.frame.l3_offset});
  target_pps_ = plan::target_of(plan_.streams);
  finished_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!finished_.valid()) return fail_sys(errno, "eventfd");

  std::vector<tx::PooledWorker> workers;
  for (std::size_t worker = 0; worker < plan_.cpus.size(); worker++) {
    tx::PooledWorker pooled;
    pooled.cpu = plan_.cpus[worker];
    pooled.spec = worker_spec(plan_);
    pooled.worker = std::make_unique<LiveWorker>(*sender_, *devices_, worker, nomem_[worker]);
    workers.push_back(std::move(pooled));
  }
  pool_ = std::make_unique<tx::WorkerPool>(std::move(workers), [fd = finished_.get()] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = write(fd, &one, sizeof one);
  });
  if (auto ready = pool_->wait_ready(); !ready) return ready;
  for (const int cpu : pool_->unpinned())
    notes_.push_back(fmt::format("a thread could not be pinned to CPU {}", cpu));
  return {};
}

} // namespace xtg::app
