// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of a reflector: loading them, attaching them, reading what they counted. Owns
// the loaded object and its attachments; all are gone when the Reflector is, also when the process
// is killed (bpf_link). Methods may be called from one thread at a time.
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
  /// Complete but for by_source, which is filled in here.
  xtg_reflect_config config{};
  bool any_source = false;
  std::vector<packet::IpPrefix> sources; ///< unless any
};

class Reflector {
public:
  static Result<Reflector> load(const ReflectorSpec& spec);
  Reflector(Reflector&&) noexcept;
  Reflector& operator=(Reflector&&) noexcept;
  ~Reflector();

  /// Attaches to config.ifindex, in the calling thread's network namespace. NotSupported: the
  /// driver cannot do it in this place, or another program is there; nothing was changed.
  Status attach(AttachMode attach_mode);
  /// From now on frames are sent back; before, all of them pass.
  void start();
  /// From now on all frames pass.
  void stop();

  /// Why what the driver refused is not known by tracepoint; else empty.
  [[nodiscard]] const std::string& count_source_note() const;
  /// Frames handed to the driver so far.
  [[nodiscard]] Result<std::uint64_t> sent() const;
  /// What was counted; link counters are the caller's. `streams`: also those, for the end.
  [[nodiscard]] Result<stats::ReflectSnapshot> snapshot(bool streams) const;

private:
  struct Impl;
  explicit Reflector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
