// SPDX-License-Identifier: BSD-2-Clause
// `report`: results in files to one HTML text.
#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "app/app.h"
#include "core/exit_status.h"
#include "core/replace_file.h"
#include "core/unique_fd.h"
#include "html/report.h"

namespace xtg::app {
namespace {

Result<std::string> read_whole(const std::string& path) {
  UniqueFd file;
  if (path != "-") {
    file = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
      return fail(Errc::InvalidArgument, Error{Errc::System, errno, path}.message());
  }
  std::string text, part(std::size_t{1} << 16, '\0');
  while (true) {
    const ssize_t got = read(path == "-" ? STDIN_FILENO : file.get(), part.data(), part.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::InvalidArgument, Error{Errc::System, errno, path}.message());
    text.append(part, 0, static_cast<std::size_t>(got));
  }
}

/// A file's name without its folders, which the reader of a report does not know.
std::string title_of(const std::string& path) {
  if (path == "-") return "standard input";
  return path.substr(path.rfind('/') + 1);
}

} // namespace

int report_files(const plan::ReportSpec& spec, Context& context) {
  std::vector<html::Run> runs;
  for (const std::string& path : spec.files) {
    const auto text = read_whole(path);
    if (!text) return report_error(text.error(), context);
    auto run = html::read_run(path, *text);
    if (!run) return report_error(run.error(), context);
    run->name = title_of(path);
    runs.push_back(std::move(*run));
  }
  const std::string page = html::report(runs);
  if (spec.output == "-") {
    context.out << page << std::flush;
    return static_cast<int>(ExitStatus::Done);
  }
  if (auto written = replace_file(spec.output, page); !written)
    return report_error(written.error(), context);
  return static_cast<int>(ExitStatus::Done);
}

} // namespace xtg::app
