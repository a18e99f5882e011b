// SPDX-License-Identifier: BSD-2-Clause
// What a Sender holds. Internal to xdp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "plan/spec.h"
#include "xdp/sender.h"
#include "xdp/sender_programs.h"

namespace xtg::xdp {

struct Sender::Impl {
  SenderSkeleton skel;
  std::size_t workers = 0;
  std::size_t streams = 0;
  std::vector<std::uint8_t> page;
  std::uint32_t ingress_base = 0;
  std::string source_note;
  plan::TxPath via = plan::TxPath::Xdp;
  std::uint32_t devices = 0; ///< ingress devices
  int prog_fd = -1;
  int pass_fd = -1;
  int control_fd = -1;
  // Attachments end before the programs: destruction is in reverse member order.
  std::vector<UniqueFd> links;

  [[nodiscard]] xtg_tx_worker& worker(std::size_t number) const {
    return skel->bss->workers[number];
  }
  [[nodiscard]] xtg_tx_cursor& cursor(std::size_t worker, std::size_t stream) const {
    return skel->bss->cursors[worker][stream];
  }

  // Of load() (sender_load.cpp), in this order.
  Status load_programs_for(const SenderSpec& spec);
  void fill(const SenderSpec& spec);
  Status set_target(const SenderSpec& spec) const;
  void attach_counters();
};

} // namespace xtg::xdp
