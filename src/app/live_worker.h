// SPDX-License-Identifier: BSD-2-Clause
// A worker over the kernel programs.
#pragma once

#include <atomic>
#include <cstdint>

#include "net/ingress_devices.h"
#include "tx/worker.h"
#include "xdp/sender.h"

namespace xtg::app {

/// Sender, anchor and the retry counter are the session's and outlive the worker.
class LiveWorker : public tx::Worker {
public:
  LiveWorker(xdp::Sender& sender, const net::IngressDevices& devices, std::size_t number,
             std::atomic<std::uint64_t>& nomem)
      : sender_(sender), devices_(devices), number_(number), nomem_(nomem) {}

  Status enter() override { return devices_.enter(); }
  Result<tx::CallEnd> call(std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) override;
  [[nodiscard]] bool done() const override { return sender_.done(number_); }
  [[nodiscard]] std::uint64_t unclaimed() const override { return sender_.unclaimed(); }
  [[nodiscard]] std::uint64_t claimed() const override { return sender_.claimed(number_); }
  [[nodiscard]] bool pending() const override { return sender_.pending(number_); }
  [[nodiscard]] std::uint64_t next_ns() const override { return sender_.next_ns(number_); }
  [[nodiscard]] std::uint64_t end_ns() const override { return sender_.end_ns(); }
  [[nodiscard]] std::uint64_t skipped_slots(std::size_t stream) const override {
    return sender_.skipped_slots(number_, stream);
  }
  void set_batch_slots(std::size_t stream, std::uint32_t slots) override {
    sender_.set_batch_slots(number_, stream, slots);
  }
  void count_nomem() override { nomem_.fetch_add(1, std::memory_order_relaxed); }

private:
  xdp::Sender& sender_;
  const net::IngressDevices& devices_;
  const std::size_t number_;
  std::atomic<std::uint64_t>& nomem_;
};

} // namespace xtg::app
