// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of one run: loading them, giving them their place in the XDP dispatcher,
// running them frame by frame, reading what they counted. Owns the loaded object and every
// attachment; all of it is gone when the Sender is, also when the process is killed (bpf_link).
// Methods may be called from any thread; run() from one thread per worker at a time.
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
#include "stats/histogram.h"
#include "stats/snapshot.h"
#include "xdp/live.h"
#include "xtg/abi/tx.h"

namespace xtg::xdp {

/// The schedule of one thread's share of a stream, absolute (CLOCK_MONOTONIC).
struct Schedule {
  std::uint64_t first_ns = 0;   ///< due time of the first slot
  std::uint32_t first_frac = 0; ///< in 2^-32 ns
  std::uint64_t interval_ns = 0;
  std::uint32_t interval_frac = 0;
  std::uint32_t slot_frames = 1;
  std::uint32_t batch_slots = 1;
  std::uint64_t catch_up_ns = 0;
};

struct SenderSpec {
  std::uint32_t ingress_base = 0; ///< ifindex of the first worker's ingress device (net::Anchor)
  int to_ifindex = 0;             ///< output interface, in the calling thread's network namespace
  packet::RunTables tables;
  std::vector<std::uint64_t> totals; ///< frames per stream, ~0 without limit
  std::size_t workers = 1;           ///< sending threads; each serves all streams
  bool control_frames =
      false; ///< send_control_frame() will be called; then one more ingress device is there
  bool resend = false; ///< what the driver refuses is sent again, where tracepoints tell of it
  bool renew = false;  ///< plan::must_renew()
};

class Sender {
public:
  /// Opens, configures and loads. Tracepoints are optional: see count_source_note().
  static Result<Sender> load(const SenderSpec& spec);
  Sender(Sender&&) noexcept;
  Sender& operator=(Sender&&) noexcept;
  ~Sender();

  /// Puts the send program into the XDP dispatcher by attaching it to the first ingress device.
  /// Without that every call with more than one frame costs some 24 ms (bpf_prog_change_xdp). Call
  /// it in the anchor's network namespace.
  Status attach_ingress_devices();
  /// Attaches the pass program to the output interface: some drivers allot transmit queues only
  /// then.
  Status attach_pass(int ifindex);

  /// Empty when frames are counted by tracepoint; else why not.
  [[nodiscard]] const std::string& count_source_note() const;
  [[nodiscard]] std::size_t workers() const;
  [[nodiscard]] std::size_t streams() const;
  /// What a call's pages are filled with.
  [[nodiscard]] std::span<const std::uint8_t> page() const;

  void set_schedule(std::size_t worker, std::size_t stream, const Schedule& schedule);
  /// For all frames of the stream from the next batch on, of any thread. Not where the destination
  /// MAC is a range.
  void set_next_hop(std::size_t stream, const packet::Mac& mac);
  /// In place of the stream's own in RunTables::next_hops.
  void set_next_hops(std::size_t stream, std::span<const std::uint64_t> macs);
  void set_batch_slots(std::size_t worker, std::size_t stream, std::uint32_t slots);
  void set_end_ns(std::uint64_t end_ns);
  /// Nothing is sent any more from the next batch on; in effect at once, also in running calls.
  void stop();

  /// One BPF_PROG_RUN call of `runs` program runs in batches of `batch` (1 to 256). The calling
  /// thread must be in the anchor's network namespace. `page` is page(), or another one.
  Result<RunEnd> run(std::size_t worker, std::span<const std::uint8_t> page, std::uint32_t runs,
                     std::uint32_t batch, std::uint64_t spin_ns);

  /// Sends one whole frame by the same way; it is not among what is counted. The calling thread
  /// must be in the anchor's network namespace. An error where the driver is seen not to take it.
  Status send_control_frame(std::span<const std::uint8_t> frame);

  [[nodiscard]] bool done(std::size_t worker) const; ///< nothing more will be sent
  /// When the worker can next send: at a slot, at another try for refused frames, or, 0, at any
  /// time.
  [[nodiscard]] std::uint64_t next_ns(std::size_t worker) const;
  [[nodiscard]] std::uint64_t skipped_slots(std::size_t worker, std::size_t stream) const;
  /// Frames of all amounts that nobody took yet; ~0 where one has no end.
  [[nodiscard]] std::uint64_t unclaimed() const;
  [[nodiscard]] std::uint64_t claimed(std::size_t worker) const; ///< frames it took so far
  /// Frames were claimed that have not been sent: a call broke off, or the driver refused them and
  /// they are to be sent again.
  [[nodiscard]] bool pending(std::size_t worker) const;
  [[nodiscard]] std::uint64_t end_ns() const; ///< as set; ~0 without
  /// When the last worker finished sending, CLOCK_MONOTONIC; 0 before the first call.
  [[nodiscard]] std::uint64_t last_sent_ns() const;

  /// Counters of all workers and streams; time_ns, nomem_retries and, without tracepoints, accepted
  /// and errors are the caller's. `settled`: nothing runs any more, so what no tracepoint saw never
  /// reached the driver because the device had left.
  [[nodiscard]] stats::Snapshot snapshot(bool settled) const;
  [[nodiscard]] stats::Histogram release_delay() const;

private:
  struct Impl;
  [[nodiscard]] stats::TxCounters counters(std::size_t worker, std::size_t stream) const;
  explicit Sender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
