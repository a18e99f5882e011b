// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/ranges.h"
#include "values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::VlanRange>(text);
  if (const Result<packet::VlanRange> tag = packet::VlanRange::parse(text)) {
    fuzz::require_values(tag->values(), 4094);
    fuzz::require(tag->priority <= 7, "priority");
  }
  if (const Result<packet::ByteRange> range = packet::ByteRange::parse(text))
    fuzz::require_values(range->values(), 255);
  return 0;
}
