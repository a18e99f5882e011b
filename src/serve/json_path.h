// SPDX-License-Identifier: BSD-2-Clause
// Reading documents of runs. Internal to serve.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include <nlohmann/json.hpp>

namespace xtg::serve {

inline nlohmann::ordered_json parsed(const std::string& document) {
  using Json = nlohmann::ordered_json;
  return document.empty() ? Json() : Json::parse(document, nullptr, false);
}

/// The value at the end of a path of keys; null where one is missing.
inline nlohmann::ordered_json at(const nlohmann::ordered_json& value,
                                 std::initializer_list<const char*> keys) {
  const nlohmann::ordered_json* here = &value;
  for (const char* key : keys) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &here->at(key);
  }
  return *here;
}

inline std::uint64_t count(const nlohmann::ordered_json& value,
                           std::initializer_list<const char*> keys) {
  const auto found = at(value, keys);
  return found.is_number_unsigned() ? found.get<std::uint64_t>() : 0;
}

inline double number(const nlohmann::ordered_json& value, std::initializer_list<const char*> keys) {
  const auto found = at(value, keys);
  return found.is_number() ? found.get<double>() : 0;
}

} // namespace xtg::serve
