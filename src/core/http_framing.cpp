// SPDX-License-Identifier: BSD-2-Clause
#include "core/http_framing.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/text.h"

namespace xtg {
namespace {

HttpFrame malformed(int status) {
  return {HttpFrame::State::Malformed, 0, status};
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view stripped(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// "METHOD TARGET HTTP/1.1"
bool is_request_line(std::string_view line) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  const std::string_view target = line.substr(first + 1, last - first - 1),
                         version = line.substr(last + 1);
  return is_token(line.substr(0, first)) && target.starts_with('/') &&
         std::ranges::all_of(target, [](unsigned char c) { return c > 0x20 && c < 0x7f; }) &&
         (version == "HTTP/1.1" || version == "HTTP/1.0");
}

struct Length {
  std::optional<std::size_t> body;
  int status = 0; ///< not 0: the headers are none
};

void read_header(std::string_view line, Length& out) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    out.status = 400;
    return;
  }
  const std::string_view name = line.substr(0, colon), value = stripped(line.substr(colon + 1));
  if (same_name(name, "transfer-encoding")) out.status = 411;
  // A library that unpacks a body would do so before anybody asks who sent it.
  if (same_name(name, "content-encoding")) out.status = 415;
  if (!same_name(name, "content-length")) return;
  const auto length = parse_unsigned<std::size_t>(value);
  if (!length || out.body) out.status = 400;
  out.body = length;
}

Length length_of(std::string_view head) {
  Length out;
  const auto first = head.find("\r\n");
  if (!is_request_line(head.substr(0, first))) return {{}, 400};
  for (std::string_view rest = head.substr(std::min(first, head.size() - 2) + 2);
       !rest.empty() && out.status == 0;) {
    const auto end = rest.find("\r\n");
    read_header(rest.substr(0, end), out);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return out;
}

/// A lone CR or LF ends a line for some readers and not for others.
bool has_plain_lines(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    if (c == '\r' && i + 1 < head.size() && head[i + 1] == '\n')
      ++i;
    else if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

} // namespace

HttpFrame http_frame(std::string_view bytes, const HttpLimits& limits) {
  const auto end = bytes.substr(0, limits.head).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= limits.head) return malformed(431);
    // What cannot become a request is not waited for.
    const auto line = bytes.find("\r\n");
    if (line != std::string_view::npos && !is_request_line(bytes.substr(0, line)))
      return malformed(400);
    return {};
  }
  const std::string_view head = bytes.substr(0, end);
  if (!has_plain_lines(head)) return malformed(400);
  const Length length = length_of(head);
  if (length.status != 0) return malformed(length.status);
  const std::size_t body = length.body.value_or(0);
  if (body > limits.body) return malformed(413);
  const std::size_t size = end + 4 + body;
  if (bytes.size() < size) return {};
  return {HttpFrame::State::Complete, size, 0};
}

} // namespace xtg
