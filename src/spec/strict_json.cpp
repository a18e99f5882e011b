// SPDX-License-Identifier: BSD-2-Clause
#include "spec/strict_json.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/text.h"

namespace xtg::spec {
namespace {

constexpr int kMaxDepth = 32; // a saved result has some ten

/// "line 3, column 5" of a byte, counted from 1.
std::string position(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto lines = std::ranges::count(before, '\n');
  const auto begin = before.rfind('\n');
  const std::size_t column =
      begin == std::string_view::npos ? before.size() : before.size() - begin - 1;
  return fmt::format("line {}, column {}", lines + 1, column + 1);
}

/// The library's words behind its own position, which has another form in each kind of error.
std::string cause(std::string_view what) {
  for (const std::string_view start : {"syntax error", "parse error"})
    if (const auto at = what.rfind(start); at != std::string_view::npos) {
      what.remove_prefix(at);
      if (start == "parse error") what.remove_prefix(std::min(what.find(": ") + 2, what.size()));
      break;
    }
  return std::string(what);
}

/// What the library lets pass.
class Strictness {
public:
  bool operator()(int depth, nlohmann::detail::parse_event_t event, Json& value) {
    using Event = nlohmann::detail::parse_event_t;
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (depth > kMaxDepth) report_error(fmt::format("nested more than {} levels deep", kMaxDepth));
    if (event == Event::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second)
        report_error(fmt::format("the key {} is there twice in one object", xtg::quoted(key)));
    }
    return true;
  }
  std::optional<std::string> complaint;

private:
  void report_error(std::string what) {
    if (!complaint) complaint = std::move(what);
  }
  std::vector<std::set<std::string>> keys_;
};

} // namespace

Result<Json> parse_strictly(std::string_view text) {
  Strictness strict;
  const auto watch = [&strict](int depth, Json::parse_event_t event, Json& value) {
    return strict(depth, event, value);
  };
  try {
    Json value = Json::parse(text.begin(), text.end(), watch, true, true);
    if (strict.complaint) return fail(Errc::InvalidArgument, *strict.complaint);
    return value;
  } catch (const Json::parse_error& error) {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: {}", position(text, error.byte), cause(error.what())));
  } catch (const Json::exception& error) { // a number beyond all ranges
    return fail(Errc::InvalidArgument, error.what());
  }
}

} // namespace xtg::spec
