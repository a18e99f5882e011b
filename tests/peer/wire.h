// SPDX-License-Identifier: BSD-2-Clause
// The cable between a sender and a scripted peer: a TAP device in a network namespace of the test's
// own. The sender's host is the kernel's side of the device; the peer reads and writes frames. The
// calling thread is in the namespace as long as the object lives; all goes with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/netns.h"
#include "segment.h"

namespace xtg::peer {

struct WireOptions {
  std::uint32_t mtu = 1500;
  std::uint32_t ring = 4096; ///< frames that wait for the peer; more are refused to the sender
};

class Wire {
public:
  static Result<std::unique_ptr<Wire>> make(const WireOptions& options);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  static constexpr const char* kDevice = "xtgpeer0";
  /// From the sender to the peer.
  [[nodiscard]] const Ends& ends(packet::Family family) const {
    return family == packet::Family::V4 ? v4_ : v6_;
  }
  /// The next frame, waiting no longer than that.
  std::optional<std::vector<std::uint8_t>> read(int timeout_ms);
  [[nodiscard]] Status write(const std::vector<std::uint8_t>& frame);

  /// A file below /proc/sys/net of the namespace.
  [[nodiscard]] Status set_sysctl(const std::string& name, const std::string& value);

private:
  Wire(net::NetNs home, UniqueFd tap);

  net::NetNs home_;
  UniqueFd tap_;
  Ends v4_, v6_;
};

} // namespace xtg::peer
