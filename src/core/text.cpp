// SPDX-License-Identifier: BSD-2-Clause
#include "core/text.h"

#include <fmt/format.h>

namespace xtg {

namespace {

constexpr unsigned char kC1First = 0x80, kC1Last = 0x9f, kC1Lead = 0xc2;

bool is_c1(unsigned char byte) {
  return byte >= kC1First && byte <= kC1Last;
}

} // namespace

std::string printable(std::string_view text, std::string_view kept, char before) {
  std::string out;
  out.reserve(text.size());
  auto last = static_cast<unsigned char>(before);
  for (std::size_t i = 0; i < text.size(); i++) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // In UTF-8, C1 bytes occur as continuation bytes; after 0xc2 they encode the C1 controls.
    const bool c1 = is_c1(byte) && (last < kC1First || last == kC1Lead);
    const bool leads_c1 =
        byte == kC1Lead && i + 1 < text.size() && is_c1(static_cast<unsigned char>(text[i + 1]));
    const bool control = byte < 0x20 || byte == 0x7f || c1 || leads_c1;
    if (control && kept.find(text[i]) == std::string_view::npos)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += text[i];
    last = byte;
  }
  return out;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out = printable(out);
  if (text.size() > kLongest) out += "...";
  return out + '"';
}

} // namespace xtg
