// SPDX-License-Identifier: BSD-2-Clause
#include "app/host_lines.h"

#include <chrono>
#include <functional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "app/app.h"

namespace xtg::app {

namespace {

class LineSink final : public report::Sink {
public:
  LineSink(HostLines& lines, const LineMark& mark) : lines_(lines), mark_(mark) {}
  void take(const report::Event& event) override {
    sink_->take(event);
    const std::string text = std::exchange(text_, std::ostringstream()).str();
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      lines_.write(line, mark_);
    }
  }

  [[nodiscard]] Status status() const override { return lines_.status(); }

private:
  HostLines& lines_;
  const LineMark mark_;
  std::ostringstream text_;
  std::unique_ptr<report::Sink> sink_ = report::make_json_stream(text_);
};

/// To the end of the test. Where nothing comes for long the stream is cut, and the rest is asked
/// for.
void print_events(net::HttpClient& server, const std::string& id, const std::atomic<bool>& ending,
                  const std::function<bool(std::string_view)>& print) {
  constexpr auto kPause = std::chrono::milliseconds(100);
  std::size_t lines = 0;
  for (bool whole = false; !whole && !ending; std::this_thread::sleep_for(kPause)) {
    std::string partial;
    const auto done = server.get_pieces(
        fmt::format("/v1/tests/{}/events?from={}", id, lines), [&](std::string_view piece) {
          partial += piece;
          bool more = true;
          for (auto end = partial.find('\n'); end != std::string::npos; end = partial.find('\n')) {
            more = print(std::string_view(partial).substr(0, end));
            partial.erase(0, end + 1);
            ++lines;
          }
          return more;
        });
    whole = done.has_value();
  }
}

} // namespace

HostLines::~HostLines() {
  cut_ = true;
  join();
}

void HostLines::write(std::string_view line, const LineMark& mark) {
  if (!line.ends_with('}')) return;
  line.remove_suffix(1);
  const std::lock_guard lock(mutex_);
  fmt::print(out_, "{},\"side\":\"{}\",\"direction\":\"{}\"}}\n", line,
             mark.near_end ? "near" : "far", mark.forward ? "forward" : "reverse");
  out_.flush();
}

Status HostLines::status() {
  const std::lock_guard lock(mutex_);
  return out_ ? Status{} : Status(tl::unexpected<Error>(output_error(out_)));
}

std::unique_ptr<report::Sink> HostLines::sink(const LineMark& mark) {
  return std::make_unique<LineSink>(*this, mark);
}

void HostLines::follow(const net::HttpTarget& server, const std::string& id, const LineMark& mark) {
  followers_.emplace_back([this, server, id, mark] {
    constexpr Nanoseconds kSilence{500'000'000};
    net::HttpClient client(server, kSilence);
    print_events(client, id, ending_, [&](std::string_view line) {
      write(line, mark);
      return !cut_;
    });
  });
}

void HostLines::join() {
  ending_ = true;
  followers_.clear();
}

} // namespace xtg::app
