// SPDX-License-Identifier: BSD-2-Clause
// Drivers that modify frames while sending. Live mode reuses a page with the frame as the driver
// left it, unless the kernel or the send program restores it (bpf/renew.bpf.h). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "plan/facts.h"

namespace xtg::plan {

/// How the kernel treats a modified frame when its page is reused.
enum class PageReuse : std::uint8_t {
  Renewed,  ///< restored to what the program wrote (Linux 6.4)
  OnChange, ///< restored if the program changed the packet's bounds
  Never,
};

/// Whether the interface's driver modifies where a frame begins, or how long it is.
bool changes_frames(const InterfaceFacts& iface);

/// Whether the send program must restore every frame. `found` is none if it could not be tried:
/// restoring is right on every kernel but costs some ns a frame. NotSupported if nothing helps.
Result<bool> must_renew(const InterfaceFacts& iface, std::optional<PageReuse> found);

/// The note for a run that restores frames.
std::string renewal_note(const InterfaceFacts& iface);

} // namespace xtg::plan
