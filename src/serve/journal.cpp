// SPDX-License-Identifier: BSD-2-Clause
#include "serve/journal.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "report/describe.h"
#include "serve/overloaded.h"

namespace xtg::serve {

Journal::Journal()
    : line_sink_(report::make_json_stream(line_out_)),
      document_sink_(report::make_json(document_out_)) {}

void Journal::take(const report::Event& event) {
  line_sink_->take(event);
  document_sink_->take(event);
  const std::lock_guard lock(mutex_);
  note(event);
  if (std::string text = line_out_.str(); !text.empty()) {
    line_out_.str({});
    bytes_ += text.size();
    lines_.push_back(std::move(text));
    // The first line has the configuration.
    while (bytes_ > kMostBytes && lines_.size() > 2) {
      bytes_ -= lines_[1].size();
      lines_.erase(lines_.begin() + 1);
      ++forgotten_;
    }
  }
  changed_.notify_all();
}

void Journal::note(const report::Event& event) {
  std::visit(Overloaded{[this](const report::Begin&) { begun_ = true; },
                        [this](const report::Interval& interval) { add(figures_, interval); },
                        [](const report::Occurrence&) {},
                        [this](const report::Failure& failure) {
                          if (!error_.empty()) return;
                          error_ = report::one_line(failure.error.message());
                          exit_status_ = failure.exit_status;
                        },
                        [this](const report::End& end) { conclude(figures_, end); },
                        [this](const report::Finish&) { document_text_ = document_out_.str(); }},
             event);
}

void Journal::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

Journal::Piece Journal::read(std::size_t from, Nanoseconds patience) const {
  std::unique_lock lock(mutex_);
  const auto total = [this] { return forgotten_ + lines_.size(); };
  changed_.wait_for(lock, patience, [&] { return closed_ || total() > from; });
  Piece piece;
  // Lines that were forgotten stood behind the first.
  if (from == 0 && !lines_.empty()) piece.lines += lines_.front();
  const std::size_t first_kept = forgotten_ + 1;
  if (std::size_t gap = std::max<std::size_t>(from, 1); gap < first_kept && !lines_.empty())
    piece.lines +=
        fmt::format("{{\"event\":\"skipped\",\"data\":{{\"lines\":{}}}}}\n", first_kept - gap);
  for (std::size_t i = std::max(from, first_kept); i < total(); ++i)
    piece.lines += lines_[i - forgotten_];
  piece.next = std::max(from, total());
  piece.over = closed_;
  return piece;
}

bool Journal::begun() const {
  const std::lock_guard lock(mutex_);
  return begun_;
}

std::string Journal::document() const {
  const std::lock_guard lock(mutex_);
  return document_text_;
}

std::string Journal::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

int Journal::exit_status() const {
  const std::lock_guard lock(mutex_);
  return exit_status_;
}

Figures Journal::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

} // namespace xtg::serve
