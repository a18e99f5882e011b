// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of one run: loads them, attaches the send program to the XDP dispatcher, runs
// it frame by frame, reads the counters. Owns the loaded object and every attachment; all of it
// ends with the Sender, also when the process is killed (bpf_link). Methods may be called from any
// thread; run() from one thread per worker at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "packet/address.h"
#include "packet/assemble.h"
#include "plan/spec.h"
#include "stats/histogram.h"
#include "stats/snapshot.h"
#include "xdp/live.h"
#include "xtg/abi/tx.h"

namespace xtg::xdp {

class KeptLinks;

/// The absolute schedule (CLOCK_MONOTONIC) of one thread's share of a stream.
struct Schedule {
  std::uint64_t first_ns = 0;   ///< due time of the first slot
  std::uint32_t first_frac = 0; ///< fraction, in 2^-32 ns
  std::uint64_t interval_ns = 0;
  std::uint32_t interval_frac = 0;
  std::uint32_t slot_frames = 1;
  std::uint32_t batch_slots = 1;
  std::uint64_t catch_up_ns = 0;
};

struct SenderSpec {
  std::uint32_t ingress_base =
      0;              ///< ifindex of the first worker's ingress device (net::IngressDevices)
  int to_ifindex = 0; ///< output interface, in the calling thread's network namespace
  packet::RunTables tables;
  std::vector<std::uint64_t> totals; ///< frames per stream, ~0: no limit
  std::size_t workers = 1;           ///< sending threads; each serves all streams
  bool control_frames =
      false;           ///< send_control_frame() will be called; needs one more ingress device
  bool resend = false; ///< frames dropped by the driver are sent again, if tracepoints report them
  bool renew = false;  ///< plan::must_renew()
  /// Not Auto. Other than Xdp the ingress devices are where the output interface is, and
  /// attach_egress() is called.
  plan::TxPath via = plan::TxPath::Xdp;
  bool loopback = false; ///< the output interface is lo
  /// Through tc: the transmit queue of each worker's frames of each stream, worker by worker.
  /// Empty: the kernel's choice.
  std::vector<int> queues{};
};

class Sender {
public:
  /// Opens, configures and loads. Tracepoints are optional: see count_source_note().
  static Result<Sender> load(const SenderSpec& spec);
  Sender(Sender&&) noexcept;
  Sender& operator=(Sender&&) noexcept;
  ~Sender();

  /// Adds the send program to the XDP dispatcher by attaching it to the first ingress device.
  /// Otherwise every call with more than one frame costs some 24 ms (bpf_prog_change_xdp). Call it
  /// in the ingress devices' network namespace.
  /// `kept`: the attachment stays there.
  Status attach_ingress_devices(KeptLinks* kept = nullptr);
  /// Has what arrives at the ingress devices go on to the output interface. Call it where they are.
  Status attach_egress();
  /// Attaches the pass program to the output interface: some drivers allocate XDP transmit queues
  /// only with a program attached.
  Status attach_pass(int ifindex, KeptLinks* kept = nullptr);

  /// Why frames are not counted by tracepoint; empty if they are.
  [[nodiscard]] const std::string& count_source_note() const;
  [[nodiscard]] std::size_t workers() const;
  [[nodiscard]] std::size_t streams() const;
  /// Initial content of a call's pages.
  [[nodiscard]] std::span<const std::uint8_t> page() const;

  void set_schedule(std::size_t worker, std::size_t stream, const Schedule& schedule);
  /// Applies to all frames of the stream from the next batch on, in every thread. Not for a range
  /// of destination MAC addresses.
  void set_next_hop(std::size_t stream, const packet::Mac& mac);
  /// Replaces the stream's own part of RunTables::next_hops.
  void set_next_hops(std::size_t stream, std::span<const std::uint64_t> macs);
  void set_batch_slots(std::size_t worker, std::size_t stream, std::uint32_t slots);
  void set_end_ns(std::uint64_t end_ns);
  /// Stops sending from the next batch on, also in running calls.
  void stop();

  /// One BPF_PROG_RUN call of `runs` program runs in batches of `batch` (1 to 256). The calling
  /// thread must be in the ingress devices' network namespace. `page` is page(), or another one.
  Result<RunEnd> run(std::size_t worker, std::span<const std::uint8_t> page, std::uint32_t runs,
                     std::uint32_t batch, std::uint64_t spin_ns);

  /// Sends one complete frame through the same path, uncounted. The calling thread must be in the
  /// ingress devices' network namespace. Returns an error if the driver is seen not to accept it.
  Status send_control_frame(std::span<const std::uint8_t> frame);

  [[nodiscard]] bool done(std::size_t worker) const; ///< nothing more will be sent
  /// The worker's next time to send: a slot, a retry of rejected frames, or 0 for any time.
  [[nodiscard]] std::uint64_t next_ns(std::size_t worker) const;
  [[nodiscard]] std::uint64_t skipped_slots(std::size_t worker, std::size_t stream) const;
  /// Frames of all amounts that no worker has claimed yet; ~0 if an amount has no end.
  [[nodiscard]] std::uint64_t unclaimed() const;
  [[nodiscard]] std::uint64_t claimed(std::size_t worker) const; ///< frames it has claimed
  /// Some claimed frames are not sent yet: a call was cut short, or the driver rejected them and
  /// they are to be sent again.
  [[nodiscard]] bool pending(std::size_t worker) const;
  [[nodiscard]] std::uint64_t end_ns() const; ///< as set; ~0: no end
  /// When the last worker finished sending, CLOCK_MONOTONIC; 0 before the first call.
  [[nodiscard]] std::uint64_t last_sent_ns() const;

  /// Frames that were handed over and of which nothing has been heard yet: those in a queueing
  /// discipline. 0 without tracepoints.
  [[nodiscard]] std::uint64_t in_flight() const;
  /// What the stack threw away of the frames that arrived (TxPath::Receive), by the kernel's
  /// reason.
  [[nodiscard]] std::map<std::string, std::uint64_t> stack_drops() const;

  /// Counters of all workers and streams; the caller sets time_ns, nomem_retries and, without
  /// tracepoints, accepted and errors. `settled`: nothing runs any more, so frames that no
  /// tracepoint saw never reached the driver, because the device was gone.
  [[nodiscard]] stats::Snapshot snapshot(bool settled) const;
  [[nodiscard]] stats::Histogram release_delay() const;

private:
  struct Impl;
  [[nodiscard]] stats::TxCounters counters(std::size_t worker, std::size_t stream) const;
  explicit Sender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
