// SPDX-License-Identifier: BSD-2-Clause
#include "serve/page.h"

#include <algorithm>
#include <string>

namespace xtg::serve {
namespace {

/// Nothing from elsewhere, nothing inline, no frame around it.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PageFile* find(std::string_view path) {
  const auto files = page_files();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

} // namespace

bool is_of_page(std::string_view path) {
  return path == "/" || find(path) != nullptr;
}

std::optional<HttpAnswer> page_answer(std::string_view path) {
  const PageFile* file = find(path);
  if (file == nullptr) return std::nullopt;
  HttpAnswer answer{200, std::string(file->type) + "; charset=utf-8", std::string(file->content)};
  answer.headers = {{"Content-Security-Policy", kPolicy},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "no-referrer"},
                    {"Cache-Control", "no-cache"}};
  return answer;
}

} // namespace xtg::serve
