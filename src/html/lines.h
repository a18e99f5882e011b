// SPDX-License-Identifier: BSD-2-Clause
// The lines of --json-stream as the document that --json prints.
#pragma once

#include <string_view>

#include "html/run.h"

namespace xtg::html {

/// Of one run, or of two hosts: their lines say which end and direction they are of.
class Lines {
public:
  Lines() noexcept(false) = default; // clang-tidy: Json's constructor is declared not to throw
  /// Takes what an event says; false: it is none.
  bool take(const Json& event);
  /// Some line was taken.
  [[nodiscard]] bool any() const { return any_; }
  /// The document, and whether the end of the stream is missing.
  struct Whole {
    Json document;
    bool cut_off = false;
  };
  [[nodiscard]] Whole whole() &&;

private:
  Json& document_of(const Json& event);
  Whole of_two_hosts() &&;

  Json alone_;  ///< of one run; null: none
  Json ends_;   ///< of two hosts: {near: {forward: document, reverse: ..}, far: ..}
  Json result_; ///< their last line
  bool any_ = false;
};

} // namespace xtg::html
