// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/size_law.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::SizeLaw>(text);
  if (const Result<packet::SizeLaw> law = packet::SizeLaw::parse(text)) {
    const SizeMix mix = law->mix();
    fuzz::require(!mix.sizes().empty() && mix.sizes().size() <= packet::kMaxSizes, "entries");
    fuzz::require(mix.smallest() == law->smallest() && mix.largest() == law->largest(), "ends");
  }
  return 0;
}
