// SPDX-License-Identifier: BSD-2-Clause
#include "serve/journal.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "report/describe.h"
#include "serve/overloaded.h"

namespace xtg::serve {

Journal::Journal(std::size_t most)
    : most_(most), line_sink_(report::make_json_stream(line_out_)),
      document_sink_(report::make_json(document_out_)) {}

void Journal::take(const report::Event& event) {
  line_sink_->take(event);
  if (!std::holds_alternative<report::Interval>(event)) document_sink_->take(event);
  const std::lock_guard lock(mutex_);
  note(event);
  if (std::string text = std::move(line_out_).str(); !text.empty()) {
    bytes_ += text.size();
    lines_.push_back(std::move(text));
    // The first line has the configuration.
    while (bytes_ > most_ && lines_.size() > 2) {
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
                        [this](const report::Occurrence& occurrence) {
                          const auto* run = std::get_if<report::Announced>(&occurrence);
                          if (run == nullptr || !run->sender.start_seen || first_ != 0) return;
                          first_ = forgotten_ + lines_.size();
                        },
                        [this](const report::Failure& failure) {
                          if (!error_.empty()) return;
                          error_ = report::one_line(failure.error.message());
                          exit_status_ = failure.exit_status;
                        },
                        [this](const report::End& end) { conclude(figures_, end); },
                        [this](const report::Finish&) {
                          if (frame_.empty()) frame_ = std::move(document_out_).str();
                        }},
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

/// The intervals are in the lines already: "{"event":"interval","data":VALUE}".
std::string Journal::document() const {
  constexpr std::string_view kNone = "\n  \"intervals\": []",
                             kStart = "{\"event\":\"interval\",\"data\":", kEnd = "}\n";
  const std::lock_guard lock(mutex_);
  const auto at = frame_.find(kNone);
  if (at == std::string::npos) return frame_;
  std::string out = frame_.substr(0, at + kNone.size() - 1);
  out.reserve(frame_.size() + bytes_);
  std::string_view between;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    std::string_view line = lines_[i];
    if (forgotten_ + i < first_ || !line.starts_with(kStart)) continue;
    line.remove_prefix(kStart.size());
    line.remove_suffix(kEnd.size());
    out += between;
    out += line;
    between = ",\n";
  }
  out += ']';
  if (const std::size_t begin = std::max<std::size_t>(first_, 1); forgotten_ >= begin)
    out += fmt::format(",\n  \"skipped\": {{\"lines\": {}}}", forgotten_ + 1 - begin);
  out += std::string_view(frame_).substr(at + kNone.size());
  return out;
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
