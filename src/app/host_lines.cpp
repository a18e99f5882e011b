// SPDX-License-Identifier: BSD-2-Clause
#include "app/host_lines.h"

#include <chrono>
#include <sstream>
#include <utility>

#include <fmt/ostream.h>

#include "app/app.h"
#include "serve/event_reader.h"

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
    serve::read_events(
        id, [&](const auto& path, const auto& take) { return client.get_pieces(path, take); },
        [&](std::string_view line) {
          write(line, mark);
          return !cut_;
        },
        [this] {
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
          return !ending_;
        });
  });
}

void HostLines::join() {
  ending_ = true;
  followers_.clear();
}

} // namespace xtg::app
