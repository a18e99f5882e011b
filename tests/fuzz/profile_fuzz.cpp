// SPDX-License-Identifier: BSD-2-Clause
// A profile that is accepted is written as one that makes the same test.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "spec/profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto draft = xtg::spec::profile_draft(text, "--profile f", nullptr);
  if (!draft) return 0;
  const auto test = xtg::spec::build(*draft);
  if (!test) return 0;
  const auto again = xtg::spec::profile_draft(xtg::spec::to_profile(*test), "--profile f", nullptr);
  if (!again) std::abort();
  const auto same = xtg::spec::build(*again);
  if (!same || !(*same == *test)) std::abort();
  return 0;
}
