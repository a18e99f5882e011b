// SPDX-License-Identifier: BSD-2-Clause
// A sending thread of a `tcp` run: kernel calls one after the other while there is something to
// send, short sleeps while there is not.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "net/ingress_devices.h"
#include "tx/worker_pool.h"
#include "xdp/tcp_sender.h"

namespace xtg::app {

/// Sender and anchor are the session's and outlive the task.
class TcpTask : public tx::Task {
public:
  TcpTask(xdp::TcpSender& sender, const net::IngressDevices& devices, std::size_t worker,
          std::uint32_t frame_len, std::uint32_t batch, bool may_step_back)
      : sender_(sender), devices_(devices), worker_(worker), frame_(frame_len), batch_(batch),
        may_step_back_(may_step_back) {}

  Status enter() override { return devices_.enter(); }
  Status work(tx::Clock& clock, const std::atomic<bool>& stop) override;

private:
  void rest(tx::Clock& clock, const std::atomic<bool>& stop);

  xdp::TcpSender& sender_;
  const net::IngressDevices& devices_;
  const std::size_t worker_;
  const std::vector<std::uint8_t> frame_; ///< what a fresh page is filled with
  const std::uint32_t batch_;
  const bool may_step_back_; ///< tx::StepBack
};

} // namespace xtg::app
