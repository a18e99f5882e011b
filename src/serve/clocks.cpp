// SPDX-License-Identifier: BSD-2-Clause
#include "serve/clocks.h"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "serve/answers.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::int64_t> integer_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

} // namespace

std::string_view name(ClockState state) {
  switch (state) {
  case ClockState::Same:
    return "same";
  case ClockState::InStep:
    return "in_step";
  case ClockState::Estimated:
    return "estimated";
  case ClockState::Unknown:
    break;
  }
  return "unknown";
}

std::uint64_t near_time(const Clocks& clocks, std::uint64_t far_ns) {
  if (clocks.state == ClockState::Unknown || far_ns == 0) return 0;
  if (clocks.state == ClockState::Same) return far_ns;
  return far_ns - static_cast<std::uint64_t>(clocks.offset.offset_ns); // modulo 2^64
}

std::string clock_answer(const ClockReading& reading) {
  const bool in_step = reading.clock.tai_error_ns != kNotInStep;
  const Json out = {{"boot", fmt::format("{:016x}", reading.clock.boot)},
                    {"received_ns", reading.received_ns},
                    {"sent_ns", reading.sent_ns},
                    {"tai_ahead_ns", reading.tai_ahead_ns},
                    {"tai_error_ns", in_step ? Json(reading.clock.tai_error_ns) : Json(nullptr)}};
  return out.dump() + "\n";
}

Result<ClockReading> read_clock(int status, std::string_view body) {
  const auto value = read_answer(status, body);
  if (!value) return tl::unexpected<Error>(value.error());
  ClockReading out;
  const auto received = integer_at(*value, "received_ns"), sent = integer_at(*value, "sent_ns");
  if (!received || !sent) return fail(Errc::Peer, "the server does not tell its time");
  out.received_ns = *received;
  out.sent_ns = *sent;
  out.tai_ahead_ns = integer_at(*value, "tai_ahead_ns").value_or(0);
  if (const auto error = integer_at(*value, "tai_error_ns"); error && *error >= 0)
    out.clock.tai_error_ns = static_cast<std::uint64_t>(*error);
  const std::string boot = text_at(*value, "boot");
  (void)std::from_chars(boot.data(), boot.data() + boot.size(), out.clock.boot, 16); // 0: unknown
  return out;
}

void ClockComparison::add(const ClockSample& sample, const ClockReading& near,
                          const ClockReading& far) {
  near_ = samples_.empty() ? near.clock : worse_of(near.clock, near_);
  far_ = samples_.empty() ? far.clock : worse_of(far.clock, far_);
  // CLOCK_TAI is the same at both ends.
  in_step_offset_ns_ = near.tai_ahead_ns - far.tai_ahead_ns;
  samples_.push_back(sample);
}

Clocks ClockComparison::over(std::int64_t from_ns, std::int64_t to_ns,
                             const OffsetLimits& limits) const {
  Clocks out;
  const auto estimate = estimate_offset(samples_, from_ns, to_ns, limits);
  if (!estimate) return out;
  out.offset = *estimate;
  out.state = ClockState::Estimated;
  const ClockAgreement agreement = agreement_of(near_, far_);
  if (agreement.relation == ClockRelation::Same) out.state = ClockState::Same;
  if (agreement.relation != ClockRelation::InStep) return out;
  out.in_step_error_ns = agreement.error_ns;
  if (agreement.error_ns >= estimate->error_ns) return out;
  out.state = ClockState::InStep;
  out.offset.offset_ns = in_step_offset_ns_;
  out.offset.error_ns = agreement.error_ns;
  return out;
}

SenderOffsets offsets_for_receivers(const Clocks& clocks, std::int64_t run_ns) {
  if (clocks.state != ClockState::Estimated && clocks.state != ClockState::InStep) return {};
  // What clocks drift apart at most: 10 ppm if both are disciplined, otherwise 100 ppm. The more of
  // it, the coarser are the classes of the delays.
  const std::int64_t drift_ns = run_ns / (clocks.in_step_error_ns ? 100'000 : 10'000);
  const std::int64_t margin = static_cast<std::int64_t>(clocks.offset.error_ns) + drift_ns;
  return {margin - clocks.offset.offset_ns, margin + clocks.offset.offset_ns};
}

} // namespace xtg::serve
