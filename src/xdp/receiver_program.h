// SPDX-License-Identifier: BSD-2-Clause
// A receiver's loaded object: the XDP program or the tc program, which have the same maps and
// variables. Internal to xdp.
#pragma once

#include <memory>
#include <optional>

#include "core/result.h"
#include "xdp/attach_mode.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/rx_sample.h"

namespace xtg::xdp {

struct ReceiverProgram {
  std::shared_ptr<void> skeleton; ///< owns all that follows
  int program = -1;
  int records = -1, places = -1, free = -1, positions = -1, announced = -1, cpus = -1, ring = -1;
  xtg_rx_control* control = nullptr;
  xtg_rx_queue (*queues)[XTG_RX_QUEUES] = nullptr;
  xtg_rx_samples (*samples)[XTG_RX_QUEUES] = nullptr;
  __u64* first = nullptr;

  /// `positions`: the map of another receiver, or empty.
  static Result<ReceiverProgram> load(const xtg_rx_config& config, const xtg_rx_filters& filters,
                                      const xtg_rx_sampling& sampling, AttachMode attach_mode,
                                      bool ethernet, std::optional<int> positions);
};

} // namespace xtg::xdp
