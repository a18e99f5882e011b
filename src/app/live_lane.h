// SPDX-License-Identifier: BSD-2-Clause
// A sending thread's lane over the kernel programs.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "net/anchor.h"
#include "tx/lane.h"
#include "xdp/sender.h"

namespace xtg::app {

/// Sender, anchor and the retry counter are the session's and outlive the lane.
class LiveLane : public tx::Lane {
public:
  LiveLane(xdp::Sender& sender, const net::Anchor& anchor, std::size_t number, std::uint32_t stream,
           std::vector<std::uint8_t> frame, std::atomic<std::uint64_t>& nomem)
      : sender_(sender), anchor_(anchor), number_(number), stream_(stream),
        frame_(std::move(frame)), nomem_(nomem) {}

  Status enter() override { return anchor_.enter(); }
  Result<tx::CallEnd> call(std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) override;
  [[nodiscard]] bool done() const override { return sender_.done(number_); }
  [[nodiscard]] std::uint64_t unclaimed() const override { return sender_.unclaimed(stream_); }
  [[nodiscard]] std::uint64_t claimed() const override { return sender_.claimed(number_); }
  [[nodiscard]] bool pending() const override { return sender_.pending(number_); }
  [[nodiscard]] std::uint64_t retry_ns() const override { return sender_.retry_ns(number_); }
  [[nodiscard]] std::uint64_t end_ns() const override { return sender_.end_ns(); }
  [[nodiscard]] std::uint64_t deadline_ns() const override { return sender_.deadline_ns(number_); }
  [[nodiscard]] std::uint64_t skipped_slots() const override {
    return sender_.skipped_slots(number_);
  }
  void set_batch_slots(std::uint32_t slots) override { sender_.set_batch_slots(number_, slots); }
  void count_nomem() override { nomem_.fetch_add(1, std::memory_order_relaxed); }

private:
  xdp::Sender& sender_;
  const net::Anchor& anchor_;
  const std::size_t number_;
  const std::uint32_t stream_;
  const std::vector<std::uint8_t> frame_; ///< what a fresh page is filled with
  std::atomic<std::uint64_t>& nomem_;
};

} // namespace xtg::app
