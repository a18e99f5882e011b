// SPDX-License-Identifier: BSD-2-Clause
// Frames that a driver changes while it sends them. Live mode uses a page again with the frame as
// the driver left it, unless the kernel or the send program sees to it (bpf/renew.bpf.h). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "plan/facts.h"

namespace xtg::plan {

/// What the kernel does with a frame that was changed, when its page is used again.
enum class PageReuse : std::uint8_t {
  Renewed,  ///< it is as the program has it (Linux 6.4)
  OnChange, ///< so it is where the program has changed the packet's bounds
  Never,
};

/// Whether the interface's driver changes where a frame begins, or how long it is.
bool changes_frames(const InterfaceFacts& iface);

/// Whether the send program has to renew every frame. `found` is none where it could not be tried:
/// renewing is right on every kernel but costs some ns a frame. NotSupported where nothing helps.
Result<bool> must_renew(const InterfaceFacts& iface, std::optional<PageReuse> found);

/// For the reader of a run that does.
std::string renewal_note(const InterfaceFacts& iface);

} // namespace xtg::plan
