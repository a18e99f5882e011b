// SPDX-License-Identifier: BSD-2-Clause
#include "app/two_hosts.h"

#include "app/front_end.h"
#include "app/report_sink.h"
#include "core/exit_status.h"

namespace xtg::app {

int print_hosts(const serve::BothHosts& hosts, const plan::OutputSpec& output, Context& context) {
  const serve::Verdict verdict = serve::verdict_of(hosts);
  if (output.json)
    context.out << serve::document_of(hosts);
  else if (output.json_stream)
    context.out << serve::result_line_of(hosts);
  else if (for_people(output))
    serve::print_ledgers(context.out, hosts);
  context.out.flush();
  if (!verdict.error.empty()) report_error({Errc::System, 0, verdict.error}, context);
  if (output.report_path.empty()) return verdict.exit_status;
  const auto written = write_report(output.report_path, serve::document_of(hosts), context);
  if (written) return verdict.exit_status;
  report_error(Error(written.error()).context("--report " + output.report_path), context);
  return verdict.exit_status != 0 ? verdict.exit_status : static_cast<int>(ExitStatus::Failed);
}

} // namespace xtg::app
