// SPDX-License-Identifier: BSD-2-Clause
#include "app/report_sink.h"

#include <sstream>
#include <utility>

#include <fmt/ostream.h>

#include "core/program_name.h"
#include "core/replace_file.h"
#include "html/report.h"
#include "report/sink.h"

namespace xtg::app {
namespace {

class WithReport final : public report::Sink {
public:
  WithReport(std::unique_ptr<report::Sink> sink, std::string path, std::ostream& err)
      : sink_(std::move(sink)), path_(std::move(path)), err_(err) {}

  void take(const report::Event& event) override {
    sink_->take(event);
    document_->take(event);
    if (std::holds_alternative<report::Finish>(event) && !std::exchange(finished_, true)) write();
  }
  [[nodiscard]] Status status() const override { return sink_->status(); }
  [[nodiscard]] bool complete() const override { return complete_ && sink_->complete(); }

private:
  void write() {
    const Status written = write_report(path_, text_.str());
    complete_ = written.has_value();
    if (written) return;
    fmt::print(err_, "{}: --report {}: {}\n", program_name(), path_, written.error().message());
    err_.flush();
  }

  std::unique_ptr<report::Sink> sink_;
  const std::string path_;
  std::ostream& err_;
  std::ostringstream text_;
  std::unique_ptr<report::Sink> document_ = report::make_json(text_);
  bool finished_ = false, complete_ = true;
};

} // namespace

Status write_report(const std::string& path, const std::string& document) {
  auto run = html::read_run("xdp-trafficgen", document);
  if (!run) return tl::unexpected<Error>(std::move(run.error()));
  return replace_file(path, html::report({std::move(*run)}));
}

std::unique_ptr<report::Sink> with_report(std::unique_ptr<report::Sink> sink, std::string path,
                                          std::ostream& err) {
  return std::make_unique<WithReport>(std::move(sink), std::move(path), err);
}

} // namespace xtg::app
