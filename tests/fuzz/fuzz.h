// SPDX-License-Identifier: BSD-2-Clause
// What the fuzz targets have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "core/result.h"

namespace xtg::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// An invariant: libFuzzer reports the abort together with the input.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "broken: " << what << '\n';
  std::abort();
}

/// Every refusal is one short line of the user-input kind.
inline void require_refusal(const Error& error) {
  require(error.code == Errc::InvalidArgument && error.sys == 0, "kind of refusal");
  require(!error.what.empty() && error.what.size() < 600, "length of refusal");
  for (const char c : error.what) {
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "refusal is one line");
  }
}

/// For values with a parse() and a to_string(): what parse() accepts, to_string() writes so that it
/// is read back equal.
template <class T>
void round_trip(std::string_view text) {
  const Result<T> value = T::parse(text);
  if (!value) return require_refusal(value.error());
  const Result<T> again = T::parse(value->to_string());
  require(again.has_value() && *again == *value, "round trip");
}

} // namespace xtg::fuzz
