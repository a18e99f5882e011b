// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of a reflector: loads them, attaches them, reads their counters. Owns the
// loaded object and its attachments; all end with the Reflector, also when the process is killed
// (bpf_link). Methods may be called from one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "packet/prefix.h"
#include "stats/reflect.h"
#include "xdp/attach_mode.h"
#include "xtg/abi/reflect.h"

namespace xtg::xdp {

struct ReflectorSpec {
  /// Complete except by_source, which load() sets.
  xtg_reflect_config config{};
  AttachMode attach_mode = AttachMode::Native;
  bool ethernet = true; ///< the interface has Ethernet framing
  bool any_source = false;
  std::vector<packet::IpPrefix> sources; ///< used unless all are allowed
};

class Reflector {
public:
  static Result<Reflector> load(const ReflectorSpec& spec);
  Reflector(Reflector&&) noexcept;
  Reflector& operator=(Reflector&&) noexcept;
  ~Reflector();

  /// Attaches to the interface of the configuration, in the calling thread's network namespace.
  /// NotSupported: the driver does not support this mode, or another program is attached; nothing
  /// was changed.
  Status attach(int ifindex);
  /// For whoever attaches it otherwise.
  [[nodiscard]] int program() const;
  /// Starts counting what the driver drops, if the kernel permits.
  void trace();
  /// Starts returning frames; until then all frames pass.
  void start();
  /// Stops returning frames: from now on all frames pass.
  void stop();

  /// Why no tracepoint counts driver drops; empty if one does.
  [[nodiscard]] const std::string& count_source_note() const;
  /// Frames handed to the driver so far.
  [[nodiscard]] Result<std::uint64_t> sent() const;
  /// Counts so far; the caller adds link counters. `streams`: with the streams' counts, for the
  /// end.
  [[nodiscard]] Result<stats::ReflectSnapshot> snapshot(bool streams) const;

private:
  struct Impl;
  explicit Reflector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
