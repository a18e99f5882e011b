// SPDX-License-Identifier: BSD-2-Clause
// Requests for one test: its state, its events, its charts, its report.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"
#include "html/report.h"
#include "serve/http_answers.h"
#include "serve/charts.h"
#include "serve/service.h"

namespace xtg::serve {
namespace {

/// How long an answer that grows waits for the next piece.
constexpr Nanoseconds kPatience{250'000'000};

/// A line of JSON as an event of a page: "event: interval" and the line.
std::string server_sent(std::string_view lines, std::size_t& number) {
  std::string out;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    constexpr std::string_view kStart = "{\"event\":\"";
    std::string_view event = line.substr(std::min(kStart.size(), line.size()));
    event = event.substr(0, event.find('"'));
    out += fmt::format("id: {}\nevent: {}\ndata: {}\n\n", number++, event, line);
  }
  return out;
}

/// To an object's text.
void add_result(std::string& object, const std::string& document) {
  object.resize(object.rfind('}'));
  object += ",\"result\":";
  object += document.empty() ? "null" : document;
  object += "}\n";
}

HttpAnswer too_many_streams() {
  return problem(503, fmt::format("at most {} event streams of a client and {} in all are read",
                                  EventStreams::kMaxOfOne, EventStreams::kMax));
}

HttpAnswer not_over() {
  return problem(409, "the test is not over: its result is complete at its end");
}

} // namespace

HttpAnswer Service::one(const HttpRequest& request, const std::string& rest) {
  const auto slash = rest.find('/');
  const std::string id = rest.substr(0, slash);
  const std::string part = slash == rest.npos ? "" : rest.substr(slash);
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    entry = find(id);
  }
  if (!entry) return problem(404, fmt::format("there is no test {}", xtg::quoted(id)));
  const bool has_parts =
      part == "/events" || part == "/charts" || part == "/result" || part == "/report";
  if (part == "/start") return request.method == "POST" ? let_go(entry) : wrong_method("POST");
  if (!part.empty() && !has_parts) return not_found(printable(request.path));
  if (has_parts && request.method != "GET") return wrong_method("GET");
  if (part == "/events") return events(request, entry);
  if (part == "/charts") return charts(request, entry);
  if (part == "/result") return result(*entry);
  if (part == "/report") return report(*entry);
  const auto keep = request.query.find("keep");
  if (request.method == "DELETE")
    return remove(entry, keep != request.query.end() && keep->second == "true");
  if (request.method != "GET") return wrong_method("GET, DELETE");
  std::string text;
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    text = describe(*entry);
    ended = entry->ended;
  }
  // A document may be long: it is added as it is, and others need not wait for it.
  if (ended) add_result(text, entry->journal.document());
  return {200, "application/json", std::move(text)};
}

HttpAnswer Service::events(const HttpRequest& request, const Entry& entry) {
  std::size_t from = 0;
  if (const auto asked = request.query.find("from"); asked != request.query.end()) {
    const auto number = parse_unsigned<std::size_t>(asked->second);
    if (!number)
      return problem(400, fmt::format("from {}: expected a number", xtg::quoted(asked->second)));
    from = *number;
  }
  auto place = streams_.enter(request.peer);
  if (!place) return too_many_streams();
  const bool page = request.header("accept").find("text/event-stream") != std::string::npos;
  HttpAnswer answer;
  answer.type = page ? "text/event-stream" : "application/x-ndjson";
  answer.headers["Cache-Control"] = "no-store";
  answer.more = [entry, from, page, place = std::move(place),
                 over = false]() mutable -> std::optional<std::string> {
    if (over) return std::nullopt;
    const Journal::Piece piece = entry->journal.read(from, kPatience);
    std::size_t number = from;
    from = piece.next;
    over = piece.over;
    return page ? server_sent(piece.lines, number) : piece.lines;
  };
  return answer;
}

HttpAnswer Service::charts(const HttpRequest& request, const Entry& entry) {
  auto place = streams_.enter(request.peer);
  if (!place) return too_many_streams();
  HttpAnswer answer;
  answer.type = "application/x-ndjson";
  answer.headers["Cache-Control"] = "no-store";
  answer.more = [entry, place = std::move(place), feed = ChartFeed(), from = std::size_t{0},
                 over = false]() mutable -> std::optional<std::string> {
    if (over) return std::nullopt;
    const Journal::Piece piece = entry->journal.read(from, kPatience);
    from = piece.next;
    over = piece.over;
    return feed.take(piece.lines);
  };
  return answer;
}

HttpAnswer Service::result(const Running& entry) {
  const std::string document = entry.journal.document();
  if (document.empty()) return not_over();
  return {200, "application/json", document};
}

HttpAnswer Service::report(const Running& entry) {
  const std::string document = entry.journal.document();
  if (document.empty()) return not_over();
  auto run = html::read_run("Test " + entry.id, document);
  if (!run) return problem(run.error());
  HttpAnswer answer{200, "text/html; charset=utf-8", html::report({std::move(*run)})};
  answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'";
  answer.headers["Content-Disposition"] = fmt::format("attachment; filename=\"{}.html\"", entry.id);
  return answer;
}

} // namespace xtg::serve
