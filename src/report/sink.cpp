// SPDX-License-Identifier: BSD-2-Clause
// The four sinks of the commands; the lines and values of each command are in its own files.
#include "report/sink.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/exit_status.h"
#include "core/fd_buffer.h"
#include "core/program_name.h"
#include "core/units.h"
#include "report/describe.h"
#include "report/to_json.h"
#include "report/to_text.h"

namespace xtg::report {
namespace {

/// Keeps the begin, which later events need.
class Writer : public Sink {
public:
  void take(const Event& event) override {
    std::visit([this](const auto& e) { on(e); }, event);
  }

protected:
  virtual void on(const Begin& begin) = 0;
  virtual void on(const Interval& interval) = 0;
  virtual void on(const Occurrence& occurrence) = 0;
  virtual void on(const Failure& failure) = 0;
  virtual void on(const End& end) = 0;
  virtual void on(const Finish& finish) = 0;

  void remember(const Begin& begin) { begin_ = begin; }
  template <class Kind>
  [[nodiscard]] const Kind& begun() const {
    static const Kind kNone{};
    const auto* begin = std::get_if<Kind>(&begin_);
    return begin != nullptr ? *begin : kNone;
  }
  /// fn(begin, value) for an interval or an end.
  template <class Variant, class Fn>
  auto with_begin(const Variant& event, Fn&& fn) const {
    return std::visit(
        [&]<class T>(const T& value) { return fn(begun<BeginOf<T, Variant>>(), value); }, event);
  }

private:
  Begin begin_;
};

Status written(const std::ostream& out) {
  if (out) return {};
  return tl::unexpected<Error>(
      Error{Errc::System, write_error(out), "write to the standard output"});
}

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>; // clang 14 deduces none for aggregates

class Text final : public Writer {
public:
  Text(std::ostream& out, std::ostream& err) : page_(out, err) {}
  [[nodiscard]] Status status() const override { return written(page_.out); }

private:
  void on(const Begin& begin) override {
    remember(begin);
    std::visit([this](const auto& b) { to_text(page_, b); }, begin);
  }
  void on(const Interval& interval) override {
    with_begin(interval, [this](const auto& b, const auto& value) { to_text(page_, b, value); });
    page_.out << std::flush;
  }
  void on(const Occurrence& occurrence) override {
    std::visit(Overloaded{[this](const Announced& e) { to_text(page_, e); },
                          [this](const FlowEnded& e) { to_text(page_, begun<TcpBegin>(), e); },
                          [this](const Note& e) { page_.notes.emit(e.text, e.at_s); },
                          [](const Warning&) {}, [](const Step&) {}},
               occurrence);
    page_.out << std::flush;
  }
  // make_outspoken() prints errors to stderr; here an error only completes the summary.
  void on(const Failure& failure) override {
    if (page_.error.empty()) page_.error = one_line(failure.error.message());
  }
  void on(const End& end) override {
    with_begin(end, [this](const auto& b, const auto& value) { to_text(page_, b, value); });
    page_.out << std::flush;
  }
  void on(const Finish&) override { page_.out << std::flush; }

  Page page_;
};

/// The structure of iperf3: start, intervals, end.
class Document final : public Writer {
public:
  explicit Document(std::ostream& out) : out_(out) {}
  [[nodiscard]] Status status() const override { return written(out_); }

private:
  void on(const Begin& begin) override {
    remember(begin);
    start_ = std::visit([](const auto& b) { return to_json(b); }, begin);
  }
  void on(const Interval& interval) override {
    intervals_.push_back(
        with_begin(interval, [](const auto& b, const auto& value) { return to_json(b, value); }));
  }
  /// Senders, flows and notes are repeated at the end. Intervals before the first announced run are
  /// not part of the report.
  void on(const Occurrence& occurrence) override {
    const auto* announced = std::get_if<Announced>(&occurrence);
    if (announced == nullptr || !announced->sender.start_seen) return;
    if (!std::exchange(announced_, true)) intervals_ = Json::array();
  }
  /// The first failure counts: later ones follow from it.
  void on(const Failure& failure) override {
    if (!error_.is_null()) return;
    error_ = one_line(failure.error.message());
    exit_status_ = failure.exit_status;
  }
  void on(const End& end) override {
    end_ = with_begin(end, [](const auto& b, const auto& value) { return to_json(b, value); });
  }
  void on(const Finish&) override {
    if (std::exchange(finished_, true)) return;
    Json document;
    document["start"] = std::move(start_);
    document["intervals"] = std::move(intervals_);
    document["end"] = std::move(end_);
    if (!error_.is_null()) document["error"] = std::move(error_);
    document["exit_status"] = exit_status_;
    out_ << dump(document, 2) << '\n' << std::flush;
  }

  std::ostream& out_;
  Json start_ = start_value();
  Json intervals_ = Json::array();
  Json end_;
  Json error_;
  int exit_status_ = 0;
  bool announced_ = false, finished_ = false;
};

/// The events of iperf3.
class Lines final : public Writer {
public:
  explicit Lines(std::ostream& out) : out_(out) {}
  [[nodiscard]] Status status() const override { return written(out_); }

private:
  void on(const Begin& begin) override {
    remember(begin);
    line("start", std::visit([](const auto& b) { return to_json(b); }, begin));
  }
  void on(const Interval& interval) override {
    line("interval",
         with_begin(interval, [](const auto& b, const auto& value) { return to_json(b, value); }));
  }
  void on(const Occurrence& occurrence) override {
    std::visit(Overloaded{[this](const Announced& e) { line("announced", to_json(e)); },
                          [this](const FlowEnded& e) { line("flow", to_json(e)); },
                          [](const Note&) {}, [](const Warning&) {}, [](const Step&) {}},
               occurrence);
  }
  void on(const Failure& failure) override {
    write({{"event", "error"},
           {"data", one_line(failure.error.message())},
           {"exit_status", failure.exit_status}});
  }
  void on(const End& end) override {
    line("end",
         with_begin(end, [](const auto& b, const auto& value) { return to_json(b, value); }));
  }
  void on(const Finish&) override {}

  void line(std::string_view event, Json data) {
    write({{"event", event}, {"data", std::move(data)}});
  }
  void write(const Json& event) { out_ << dump(event, -1) << '\n' << std::flush; }

  std::ostream& out_;
};

class Quiet final : public Sink {
public:
  void take(const Event&) override {}
};

class Outspoken final : public Sink {
public:
  Outspoken(std::unique_ptr<Sink> sink, std::ostream& err, bool verbose)
      : sink_(std::move(sink)), err_(err), verbose_(verbose) {}
  [[nodiscard]] Status status() const override { return sink_->status(); }
  [[nodiscard]] bool complete() const override { return sink_->complete(); }

  void take(const Event& event) override {
    if (const auto* failure = std::get_if<Failure>(&event)) {
      if (failure->exit_status != static_cast<int>(ExitStatus::Interrupted))
        say(one_line(failure->error.message()));
    } else if (const auto* occurrence = std::get_if<Occurrence>(&event)) {
      if (const auto* warning = std::get_if<Warning>(occurrence)) say(warning->text);
      if (const auto* step = std::get_if<Step>(occurrence); verbose_ && step) say(step->text);
    }
    sink_->take(event);
  }

private:
  void say(std::string_view text) {
    fmt::print(err_, "{}: {}\n", program_name(), text);
    err_.flush();
  }

  std::unique_ptr<Sink> sink_;
  std::ostream& err_;
  const bool verbose_;
};

} // namespace

void Page::row(std::string_view label, std::string_view value) {
  fmt::print(out, "  {:<16}{}\n", label, value);
}

void Page::count(std::string_view label, std::uint64_t value) {
  row(label, fmt::format("{:>15}", with_thousands(value)));
}

void Page::count(std::string_view label, std::uint64_t value, std::string_view rest) {
  row(label, fmt::format("{:>15} {}", with_thousands(value), rest));
}

void Page::ended(std::string_view how) {
  row("ended", error.empty() ? std::string(how) : fmt::format("{}: {}", how, error));
}

std::string_view end_text(stats::EndReason reason, std::string_view all_sent) {
  switch (reason) {
  case stats::EndReason::Amount:
    return all_sent;
  case stats::EndReason::Duration:
    return "duration reached";
  case stats::EndReason::Interrupted:
    return "interrupted";
  case stats::EndReason::Announced: // for a receiver
  case stats::EndReason::Failed:
    break;
  }
  return "failed";
}

std::unique_ptr<Sink> make_text(std::ostream& out, std::ostream& err) {
  return std::make_unique<Text>(out, err);
}

std::unique_ptr<Sink> make_json(std::ostream& out) {
  return std::make_unique<Document>(out);
}

std::unique_ptr<Sink> make_json_stream(std::ostream& out) {
  return std::make_unique<Lines>(out);
}

std::unique_ptr<Sink> make_quiet() {
  return std::make_unique<Quiet>();
}

std::unique_ptr<Sink> make_sink(const plan::OutputSpec& output, std::ostream& out,
                                std::ostream& err) {
  if (output.json) return make_json(out);
  if (output.json_stream) return make_json_stream(out);
  if (output.quiet) return make_quiet();
  return make_text(out, err);
}

std::unique_ptr<Sink> make_outspoken(std::unique_ptr<Sink> sink, std::ostream& err, bool verbose) {
  return std::make_unique<Outspoken>(std::move(sink), err, verbose);
}

} // namespace xtg::report
