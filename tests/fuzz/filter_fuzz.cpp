// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::Filter>(text);
  if (const Result<packet::Filter> filter = packet::Filter::parse(text)) {
    const xtg_rx_match match = packet::encode(*filter);
    fuzz::require(match.n_terms <= XTG_RX_TERMS, "terms fit the program's");
    fuzz::require(match.length_min <= match.length_max, "some length fits");
    for (const char c : filter->to_string())
      fuzz::require(c >= 0x20 && c < 0x7f, "text is one plain line");
  }
  return 0;
}
