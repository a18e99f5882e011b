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
  WithReport(std::unique_ptr<report::Sink> sink, std::string path, const Context& context)
      : sink_(std::move(sink)), path_(std::move(path)), context_(context) {}

  void take(const report::Event& event) override {
    sink_->take(event);
    document_->take(event);
    if (std::holds_alternative<report::Finish>(event) && !std::exchange(finished_, true)) write();
  }
  [[nodiscard]] Status status() const override { return sink_->status(); }
  [[nodiscard]] bool complete() const override { return complete_ && sink_->complete(); }

private:
  void write() {
    const Status written = write_report(path_, text_.str(), context_);
    complete_ = written.has_value();
    if (written) return;
    fmt::print(context_.err, "{}: --report {}: {}\n", program_name(), path_,
               written.error().message());
    context_.err.flush();
  }

  std::unique_ptr<report::Sink> sink_;
  const std::string path_;
  const Context context_; // a copy: the sink may outlive the original
  std::ostringstream text_;
  std::unique_ptr<report::Sink> document_ = report::make_json(text_);
  bool finished_ = false, complete_ = true;
};

} // namespace

Status write_report(const std::string& path, const std::string& document, const Context& context) {
  auto run = html::read_run("xdp-trafficgen", document);
  if (!run) return tl::unexpected<Error>(std::move(run.error()));
  const std::string page = html::report({std::move(*run)});
  if (context.page == nullptr) return replace_file(path, page);
  *context.page << page << std::flush;
  return *context.page ? Status{} : tl::unexpected<Error>(output_error(*context.page));
}

std::unique_ptr<report::Sink> with_report(std::unique_ptr<report::Sink> sink, std::string path,
                                          const Context& context) {
  return std::make_unique<WithReport>(std::move(sink), std::move(path), context);
}

} // namespace xtg::app
