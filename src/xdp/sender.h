// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of one run: loading them, giving them their place in the XDP dispatcher,
// running them frame by frame, reading what they counted. Owns the loaded object and every
// attachment; all of it is gone when the Sender is, also when the process is killed (bpf_link).
// Methods may be called from any thread; run() from one thread per lane at a time.
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

/// One lane's schedule, absolute (CLOCK_MONOTONIC).
struct Schedule {
  std::uint64_t first_ns = 0;   ///< due time of the first slot
  std::uint32_t first_frac = 0; ///< in 2^-32 ns
  std::uint64_t interval_ns = 0;
  std::uint32_t interval_frac = 0;
  std::uint32_t slot_frames = 1;
  std::uint32_t batch_slots = 1;
  std::uint64_t catch_up_ns = 0;
};

struct LaneSetup {
  std::uint32_t stream = 0;
  std::uint64_t lane_word = 0;  ///< packet::lane_word()
  std::uint64_t again_word = 0; ///< the same, of frames that are sent again
};

struct SenderSpec {
  std::uint32_t ingress_base = 0; ///< ifindex of lane 0's ingress device (net::Anchor)
  int to_ifindex = 0;             ///< output interface, in the calling thread's network namespace
  packet::RunTables tables;
  std::vector<std::uint64_t> totals; ///< frames per stream, ~0 without limit
  std::vector<LaneSetup> lanes;
  bool once = false;  ///< send_once() will be called; then one more ingress device is there
  bool again = false; ///< what the driver refuses is sent again, where tracepoints tell of it
  bool renew = false; ///< plan::must_renew()
};

class Sender {
public:
  /// Opens, configures and loads. Tracepoints are optional: see count_source_note().
  static Result<Sender> load(const SenderSpec& spec);
  Sender(Sender&&) noexcept;
  Sender& operator=(Sender&&) noexcept;
  ~Sender();

  /// Puts the send program into the XDP dispatcher by attaching it to lane 0's ingress device.
  /// Without that every call with more than one frame costs some 24 ms (bpf_prog_change_xdp). Call
  /// it in the anchor's network namespace.
  Status attach_anchor();
  /// Attaches the pass program to the output interface: some drivers allot transmit queues only
  /// then.
  Status attach_pass(int ifindex);

  /// Empty when frames are counted by tracepoint; else why not.
  [[nodiscard]] const std::string& count_source_note() const;
  [[nodiscard]] std::size_t lanes() const;

  void set_schedule(std::size_t lane, const Schedule& schedule);
  /// For all frames from now on, of any thread. Not where the destination MAC is a range.
  void set_next_hop(const packet::Mac& mac);
  /// In place of RunTables::next_hops.
  void set_next_hops(std::span<const std::uint64_t> macs);
  void set_batch_slots(std::size_t lane, std::uint32_t slots);
  void set_end_ns(std::uint64_t end_ns);
  /// Nothing is sent any more from the next batch on; in effect at once, also in running calls.
  void stop();

  /// One BPF_PROG_RUN call of `runs` program runs in batches of `batch` (1 to 256). The calling
  /// thread must be in the anchor's network namespace. `frame` is the page template of the lane's
  /// stream.
  Result<RunEnd> run(std::size_t lane, std::span<const std::uint8_t> frame, std::uint32_t runs,
                     std::uint32_t batch, std::uint64_t spin_ns);

  /// Sends one whole frame by the same way; it is not among what is counted. The calling thread
  /// must be in the anchor's network namespace. An error where the driver is seen not to take it.
  Status send_once(std::span<const std::uint8_t> frame);

  [[nodiscard]] bool done(std::size_t lane) const; ///< nothing more will be sent
  [[nodiscard]] std::uint64_t deadline_ns(std::size_t lane) const;
  [[nodiscard]] std::uint64_t skipped_slots(std::size_t lane) const;
  [[nodiscard]] std::uint64_t
  unclaimed(std::uint32_t stream) const; ///< frames of the amount nobody took yet
  [[nodiscard]] std::uint64_t claimed(std::size_t lane) const; ///< frames this lane took so far
  /// Frames were claimed that have not been sent: a call broke off, or the driver refused them and
  /// they are to be sent again, which is not tried before retry_ns().
  [[nodiscard]] bool pending(std::size_t lane) const;
  [[nodiscard]] std::uint64_t retry_ns(std::size_t lane) const;
  [[nodiscard]] std::uint64_t end_ns() const; ///< as set; ~0 without
  /// When the last lane finished sending, CLOCK_MONOTONIC; 0 before the first call.
  [[nodiscard]] std::uint64_t last_sent_ns() const;

  /// Counters of all lanes; time_ns, nomem_retries and, without tracepoints, accepted and errors
  /// are the caller's. `settled`: nothing runs any more, so what no tracepoint saw never reached
  /// the driver because the device had left.
  [[nodiscard]] stats::Snapshot snapshot(bool settled) const;
  [[nodiscard]] stats::Histogram slip() const;

private:
  struct Impl;
  explicit Sender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
