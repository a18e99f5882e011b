// SPDX-License-Identifier: BSD-2-Clause
// The page for browsers: files of src/serve/page and of dygraphs, in the program itself
// (embed_page.cmake). Built with XTG_PAGE=OFF there are none.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/http.h"

namespace xtg::serve {

struct PageFile {
  std::string_view path; ///< "/page/page.js"; "/" is the page itself
  std::string_view type; ///< "text/javascript"; all are UTF-8
  std::string_view content;
};
std::span<const PageFile> page_files();

/// Whether a path is of the page, which anybody may read: all it knows comes from the API.
bool is_of_page(std::string_view path);
/// What a browser gets for a path of the page, with the policy that the page runs under.
std::optional<HttpAnswer> page_answer(std::string_view path);

} // namespace xtg::serve
