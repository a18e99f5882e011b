// SPDX-License-Identifier: BSD-2-Clause
// A sink that keeps a run's events for whoever asks for them: as lines, as the document, and as
// figures. One thread writes, any number read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include "core/units.h"
#include "report/sink.h"
#include "serve/figures.h"

namespace xtg::serve {

class Journal final : public report::Sink {
public:
  static constexpr std::size_t kMostBytes = std::size_t{4} << 20, kUnbounded = ~std::size_t{0};

  /// The oldest lines beyond `most` bytes are forgotten, in the document as well.
  explicit Journal(std::size_t most = kMostBytes);
  void take(const report::Event& event) override;
  /// Nothing more comes, whatever has come of the run.
  void close();

  struct Piece {
    std::string lines;    ///< whole lines of JSON; empty: nothing came while it was waited for
    std::size_t next = 0; ///< where to go on
    bool over = false;    ///< nothing comes behind these
  };
  /// The lines from the `from`-th on. Waits for one at most so long.
  [[nodiscard]] Piece read(std::size_t from, Nanoseconds patience) const;

  [[nodiscard]] bool begun() const;
  /// The document of the run, once it is over; empty before.
  [[nodiscard]] std::string document() const;
  [[nodiscard]] std::string error() const;
  [[nodiscard]] int exit_status() const;
  [[nodiscard]] Figures figures() const;

private:
  void note(const report::Event& event);

  const std::size_t most_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::string> lines_;
  std::size_t forgotten_ = 0, bytes_ = 0;
  bool begun_ = false, closed_ = false;
  std::size_t first_ = 0; ///< number of the first line that the document may have
  std::string frame_;     ///< the document without its intervals
  std::string error_;
  int exit_status_ = 0;
  Figures figures_;

  std::ostringstream line_out_, document_out_; ///< the writer's
  std::unique_ptr<report::Sink> line_sink_, document_sink_;
};

} // namespace xtg::serve
