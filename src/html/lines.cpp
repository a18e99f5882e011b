// SPDX-License-Identifier: BSD-2-Clause
#include "html/lines.h"

#include <string>
#include <utility>

namespace xtg::html {
namespace {

Json empty_document() {
  return {{"start", nullptr}, {"intervals", Json::array()}, {"end", nullptr}};
}

/// Ended, with an end or an error.
bool settle(Json& document) {
  const bool ended = !document["end"].is_null() || document.contains("error");
  if (ended && !document.contains("exit_status") && !document.contains("error"))
    document["exit_status"] = 0;
  return ended;
}

/// Under which key a host has a run's document: as in end.near and end.far.
std::string_view part_of(const Json& document, bool near_end, bool forward) {
  if (text_at(document, {"start", "configuration", "role"}) == "mirror") return "reflector";
  return near_end == forward ? "tx" : "rx";
}

} // namespace

Json& Lines::document_of(const Json& event) {
  const std::string side = text_at(event, {"side"}), direction = text_at(event, {"direction"});
  const bool marked =
      (side == "near" || side == "far") && (direction == "forward" || direction == "reverse");
  Json& document = marked ? ends_[side][direction] : alone_;
  if (document.is_null()) document = empty_document();
  return document;
}

bool Lines::take(const Json& event) {
  const std::string kind = text_at(event, {"event"});
  if (kind.empty()) return false;
  any_ = true;
  const Json& data = at(event, {"data"});
  if (kind == "result") {
    result_ = event;
  } else if (kind == "interval") {
    document_of(event)["intervals"].push_back(data);
  } else if (kind == "error") {
    Json& document = document_of(event);
    if (!document.contains("error")) document["error"] = data;
    if (event.contains("exit_status")) document["exit_status"] = event["exit_status"];
  } else if (kind == "start" || kind == "end") {
    document_of(event)[kind] = data;
  }
  return true;
}

Lines::Whole Lines::whole() && {
  if (!ends_.is_null() || !result_.is_null()) return std::move(*this).of_two_hosts();
  if (alone_.is_null()) alone_ = empty_document();
  const bool ended = settle(alone_);
  return {std::move(alone_), !ended};
}

Lines::Whole Lines::of_two_hosts() && {
  Json document = empty_document();
  Json end = at(result_, {"data"});
  bool tcp = false;
  for (const std::string side : {"near", "far"}) {
    Json& host = end[side] = {{"tx", nullptr}, {"rx", nullptr}};
    for (const std::string direction : {"forward", "reverse"}) {
      if (!at(ends_, {side, direction}).is_object()) continue;
      Json run = std::move(ends_[side][direction]);
      settle(run);
      tcp = tcp || text_at(run, {"start", "configuration", "protocol"}) == "tcp";
      const std::string_view part = part_of(run, side == "near", direction == "forward");
      host[part] = std::move(run);
    }
  }
  document["start"] = at(result_, {"start"});
  if (!document["start"].is_object()) // cut off, or of an older version
    document["start"] = {{"configuration", {{"role", tcp ? "tcp_hosts" : "hosts"}}}};
  document["end"] = std::move(end);
  if (at(result_, {"error"}).is_string()) document["error"] = result_["error"];
  if (result_.is_object()) document["exit_status"] = at(result_, {"exit_status"});
  return {std::move(document), result_.is_null()};
}

} // namespace xtg::html
