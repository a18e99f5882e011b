// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/address.h"
#include "values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::PortRange>(text);
  if (const Result<packet::PortRange> range = packet::PortRange::parse(text)) {
    fuzz::require_values(range->values(), 65'535);
  }
  return 0;
}
