// SPDX-License-Identifier: BSD-2-Clause
// The send program loaded for a test, run one frame at a time by BPF_PROG_RUN in ordinary mode:
// nothing leaves, and the test sees what the program answered and wrote.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/ingress_devices.h"
#include "packet/assemble.h"
#include "packet/encode.h"
#include "packet/frame.h"
#include "support/privileges.h"
#include "xtg/abi/tx.h"

struct xtg_bpf;

namespace xtg::test {

/// Of the send programs.
enum class Which : std::uint8_t {
  Single,    ///< xtg_tx, xtg_tx_stamp or xtg_tx_sized; xtg_tx_single where those cannot send the
             ///< stream
  Any,       ///< xtg_tx_single
  Multi,     ///< xtg_tx_multi
  NoPerfmon, ///< xtg_tx_no_perfmon, loaded without CAP_PERFMON
  Renew,     ///< xtg_tx_renew
};

/// Takes the calling thread, and it alone, every capability but CAP_NET_ADMIN and CAP_BPF.
bool drop_tracing();

struct ProgramSetup {
  std::vector<packet::Frame> frames; ///< one stream each
  bool paced = false;                ///< all of them
  Which which = Which::Single;
  /// Sending threads: the stream that each sends.
  std::vector<std::uint32_t> worker_streams = {0};
  bool every = false; ///< each sends all streams instead
  /// Changes the encoded streams before they are put together.
  std::function<void(std::vector<packet::EncodedStream>&)> edit = {};
  bool target = true;  ///< lo stands in the device map; else it is empty
  bool renew = false;  ///< frames are renewed, by a program that can
  bool resend = false; ///< refused frames are sent again
};

/// Of one run.
struct Outcome {
  std::uint32_t action = 0;
  std::vector<std::uint8_t> bytes; ///< the page after it
  std::uint32_t metadata = 0;      ///< bytes before it that were made metadata
  std::uint64_t before_ns = 0;     ///< clock before the call
  std::uint64_t after_ns = 0;
};

class Program {
public:
  /// Loads; on failure ok() is false and error() says why.
  explicit Program(const ProgramSetup& setup);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] bool ok() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }

  /// One run over a page of garbage; `page_len` 0: as long as the run's longest frame.
  Outcome run(std::size_t worker_id = 0, std::size_t page_len = 0);

  [[nodiscard]] xtg_tx_worker& worker(std::size_t worker_id = 0) const;
  [[nodiscard]] xtg_tx_cursor& cursor(std::size_t worker_id = 0, std::size_t stream = 0) const;
  [[nodiscard]] const packet::RunTables& tables() const { return tables_; }
  [[nodiscard]] xtg_stream_progress& progress(std::size_t stream = 0) const;
  [[nodiscard]] xtg_tx_control& control() const;
  [[nodiscard]] std::vector<std::uint64_t> release_delay(std::size_t worker_id = 0) const;
  /// Frames handed to the redirect.
  [[nodiscard]] std::uint64_t attempts(std::size_t worker_id = 0) const;

private:
  void load(const ProgramSetup& setup);
  [[nodiscard]] int load_object(Which which);
  void seat(std::size_t worker_id);
  struct Closer {
    void operator()(xtg_bpf* skeleton) const;
  };

  std::vector<packet::Frame> frames_;
  std::vector<std::uint32_t> worker_streams_;
  bool every_ = false;
  packet::RunTables tables_;
  std::optional<net::IngressDevices>
      devices_; ///< with several workers: the devices that tell them apart
  std::unique_ptr<xtg_bpf, Closer> skel_;
  int prog_fd_ = -1;
  std::mt19937_64 garbage_{7};
  std::string error_;
};

/// The send time in the frame's own signature, extended to 64 bits; 0 when it has none.
std::uint64_t sent_at(const Outcome& out);

/// The run sent packet k of the stream: redirected, and byte for byte what packet::render() makes
/// of it, with a send time not before `not_before_ns` and not after the run.
testing::AssertionResult sends(const Outcome& out, const packet::Frame& frame, std::uint64_t k,
                               std::uint8_t worker_id, std::uint64_t not_before_ns);
/// Same, the send time having been read in this very run.
testing::AssertionResult sends(const Outcome& out, const packet::Frame& frame, std::uint64_t k,
                               std::uint8_t worker_id = 0);

class BpfTest : public testing::Test {
protected:
  void SetUp() override { XTG_REQUIRE_CAPS("bpf"); }
};

/// sample_spec() with a payload that shows what is written over.
packet::FrameSpec plain_spec(packet::Family family = packet::Family::V4, std::uint32_t size = 64);
packet::Frame plain_frame(std::uint32_t size = 64, packet::Sweep sweep = {});
packet::Field vary(packet::FieldKind kind, std::uint64_t first, std::uint64_t count);

} // namespace xtg::test
