// SPDX-License-Identifier: BSD-2-Clause
// What a client says to a server and hears from it, as texts and values. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/address.h"
#include "plan/rx_spec.h"
#include "plan/test_spec.h"

namespace xtg::serve {

/// How long the far end receives, so that a server whose ceiling is lower says so before anything
/// is sent. None: as long as it may.
std::optional<Nanoseconds> receiving(const std::optional<Nanoseconds>& duration);

/// The near end's own part of a test of two hosts: what it sends to `to`.
plan::TestSpec near_sender(const plan::TestSpec& test, std::uint32_t run_id, const packet::Ip& to);
/// What it sends and receives where the far end reflects.
plan::TestSpec near_round_trip(plan::TestSpec test, const std::string& interface,
                               const packet::Ip& to);
/// And what it receives.
plan::RxSpec near_receiver(const plan::TestSpec& test, std::uint32_t run_id,
                           const std::string& interface,
                           std::optional<std::int64_t> sender_ahead_ns = {});
/// The far end's, as bodies of requests.
std::string far_sender(const plan::TestSpec& test, std::uint32_t run_id, const packet::Ip& to,
                       const std::string& interface);
std::string far_receiver(const plan::TestSpec& test, std::uint32_t run_id,
                         const std::string& interface,
                         std::optional<std::int64_t> sender_ahead_ns = {});

std::string far_reflector(const plan::TestSpec& test, std::uint32_t run_id,
                          const packet::Ip& sender, const std::string& interface);

std::string challenge_body(const packet::Ip& address, std::uint16_t port);
std::string nonce_body(std::string_view digits);

/// What an answer says. An error is the server's own words: InvalidArgument where the test is not
/// sound, else Peer.
struct FarState {
  std::string id;
  std::string state; ///< "waiting"; empty where the answer is of no test
  std::optional<std::size_t> position;
  bool over = false;
  int exit_status = 0;
  std::string error;     ///< empty: none
  std::string document;  ///< of a test that is over; may be empty
  bool measured = false; ///< the document has an end
  /// Of one that was just started: its first frame, by the far end's CLOCK_MONOTONIC; 0: not said.
  std::uint64_t first_frame_ns = 0;
};
Result<FarState> read_state(int status, std::string_view body);
/// The answer to the request for a test. What the operator does not allow, such as a duration above
/// the ceiling, is InvalidArgument as well.
Result<FarState> read_created(int status, std::string_view body);

struct FarInterface {
  std::string name;
  std::vector<packet::Ip> addresses;
};
Result<std::vector<FarInterface>> read_interfaces(int status, std::string_view body);
/// How long a test may last there, from the same answer; none where it does not say.
std::optional<Nanoseconds> read_max_duration(std::string_view body);
/// The far end's address that frames are sent to: of the interface named, or `control`.
Result<packet::Ip> far_address(const std::vector<FarInterface>& interfaces,
                               const std::string& named, const packet::Ip& control);

} // namespace xtg::serve
