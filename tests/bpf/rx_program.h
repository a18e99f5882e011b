// SPDX-License-Identifier: BSD-2-Clause
// The receiving program without an interface: frames go in by BPF_PROG_RUN, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <linux/bpf.h>

#include "support/hex.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_sample.h"

struct ring_buffer;

namespace xtg::test {

using Bytes = std::vector<std::uint8_t>;

/// What a test sets of the program's constants.
struct RxSetup {
  std::uint32_t n_slots = 8;
  std::uint32_t window = XTG_RX_WINDOW_LEAST;
  std::uint32_t by_run_id = 0;
  std::uint32_t run_id_mask = ~std::uint32_t{0};
  std::uint32_t run_id = 0;
  std::uint32_t by_port = 0;
  std::uint32_t port = 0;
  std::uint32_t observe = 0;
  std::uint32_t has_tai = 1;
  std::int64_t sender_ahead_ns = 0;
  std::uint32_t shared = 0; ///< records are by CPU: see receive_on()
  std::uint64_t limit = ~std::uint64_t{0};
  xtg_sip_key key{};
  xtg_rx_sampling sampling{};
  std::uint32_t ring_bytes = 1U << 20;
  std::vector<std::string> match{}; ///< filters
  bool drop_matched = false;
  bool by_tc = false;      ///< the tc program
  bool link_header = true; ///< whose interface has Ethernet framing
};

/// A frame that the program showed.
struct Shown {
  xtg_rx_sample about{};
  Bytes bytes;
};

class RxProgram {
public:
  explicit RxProgram(const RxSetup& setup = {});

  /// The program's answer to a frame, as XDP_*.
  std::uint32_t receive(const Bytes& frame);
  /// The same of several frames that were merged: headers and payloads of this size, the last one
  /// of what is left.
  std::uint32_t receive_merged(const Bytes& frame, std::uint32_t size, std::uint32_t frames = 0);
  /// The same on one of the CPUs that this thread may use, by its place among them.
  std::uint32_t receive_on(unsigned cpu, const Bytes& frame);
  bool takes(const Bytes& frame) { return receive(frame) == XDP_DROP; }
  bool passes(const Bytes& frame) { return receive(frame) == XDP_PASS; }

  xtg_rx_queue& queue();
  xtg_rx_control& control();
  /// As entered for this session and stream; nothing of `seen` 0.
  xtg_rx_announcement announcement(std::uint32_t run_id, std::uint16_t stream, std::uint8_t type,
                                   bool reflected = false);
  /// Of the stream that was seen first, second ...
  xtg_rx_slot slot(std::uint32_t number);
  xtg_rx_samples& samples();
  /// Those shown since the last call.
  std::vector<Shown> shown();

private:
  template <class Skeleton>
  void load(const RxSetup& setup);

  struct Closer {
    void operator()(ring_buffer* ring) const;
  };
  bool by_tc_;
  std::shared_ptr<void> skel_; ///< owns the next ones
  int program_ = -1, announced_ = -1, records_ = -1;
  xtg_rx_queue* queues_ = nullptr;
  xtg_rx_samples* samples_ = nullptr;
  xtg_rx_control* control_ = nullptr;
  std::uint32_t window_;
  std::vector<Shown> shown_;
  std::unique_ptr<ring_buffer, Closer> ring_;
};

} // namespace xtg::test
