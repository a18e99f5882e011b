// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/address.h"
#include "values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::Mac>(text);
  fuzz::round_trip<packet::MacRange>(text);
  if (const Result<packet::MacRange> range = packet::MacRange::parse(text)) {
    fuzz::require_values(range->values(), (std::uint64_t{1} << 48) - 1);
  }
  return 0;
}
