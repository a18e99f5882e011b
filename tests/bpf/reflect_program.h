// SPDX-License-Identifier: BSD-2-Clause
// The reflector's program without an interface: frames go in by BPF_PROG_RUN, one at a time, and
// what comes out is compared with a reflector that is written plainly.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <linux/bpf.h>

#include "packet/address.h"
#include "packet/prefix.h"
#include "support/hex.h"
#include "xtg/abi/reflect.h"

namespace xtg::test {

using Bytes = std::vector<std::uint8_t>;

/// What a test sets of the program's constants; as the reference takes them, too.
struct ReflectSetup {
  std::optional<std::uint32_t> run_id = {};
  std::optional<std::uint16_t> port = {};
  std::optional<packet::Mac> mac = *packet::Mac::parse("02:00:00:00:00:02"); ///< none: any
  /// No list: any.
  std::optional<std::vector<std::string>> sources =
      std::vector<std::string>{"198.18.0.0/15", "2001:2::/48"};
  bool redirect = false;
  bool shared = false;
  bool by_tc = false; ///< the tc program
  std::uint32_t n_streams = 16;
  std::uint64_t limit = ~std::uint64_t{0};
  std::uint64_t step = 0, depth = 0;
};

struct Reflected {
  std::uint32_t action = 0; ///< XDP_*
  Bytes bytes;              ///< the frame after it
  std::uint64_t before_ns = 0, after_ns = 0;
};

class ReflectProgram {
public:
  explicit ReflectProgram(const ReflectSetup& setup = {});

  Reflected run(const Bytes& frame);
  /// What the one CPU that ran it has counted.
  [[nodiscard]] xtg_reflect_cpu counters() const;
  [[nodiscard]] std::uint64_t not_reflected(unsigned why) const {
    return counters().not_reflected[why];
  }
  [[nodiscard]] xtg_reflect_control& control() const;
  [[nodiscard]] xtg_reflect_stream stream(std::uint32_t number) const;

private:
  template <class Skeleton>
  void load(const ReflectSetup& setup);

  bool by_tc_;
  std::shared_ptr<void> skel_; ///< owns the next ones
  int program_ = -1, cpus_ = -1, streams_ = -1;
  xtg_reflect_control* control_ = nullptr;
};

/// The same reflector without any of the kernel program's ways: decides byte by byte, and computes
/// all checksums afresh. Short signatures are believed at once.
class PlainReflector {
public:
  explicit PlainReflector(ReflectSetup setup) : setup_(std::move(setup)) {}

  /// The frame as it should go back; none: it should pass. The reflector's times are taken from
  /// `seen`, where that has room for them.
  std::optional<Bytes> reflect(const Bytes& frame, const Bytes& seen);

private:
  ReflectSetup setup_;
  std::map<std::vector<std::uint32_t>, std::uint64_t> counts_;
};

/// Sets the checksums of a UDP frame right; a UDP checksum of zero stays. Nothing is done to what
/// is no UDP frame.
void refresh(Bytes& frame);
/// Where the reflector timestamps are: in front of a long signature at the end.
inline constexpr std::size_t kWordsBeforeEnd = 56;

} // namespace xtg::test
