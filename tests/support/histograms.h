// SPDX-License-Identifier: BSD-2-Clause
// Histograms in JSON: which bytes their compression makes is zlib's affair, so documents are
// compared without them.
#pragma once

#include <utility>

#include <nlohmann/json.hpp>

#include "stats/hdr_histogram.h"

namespace xtg::test {

/// Decodes and takes out every histogram; one that is none stays.
inline nlohmann::ordered_json without_histograms(nlohmann::ordered_json value) {
  if (value.is_object() && value.contains("histogram_ns") &&
      stats::hdr_decode(value["histogram_ns"].get<std::string>()))
    value.erase("histogram_ns");
  if (value.is_structured())
    for (auto& inner : value)
      inner = without_histograms(std::move(inner));
  return value;
}

} // namespace xtg::test
