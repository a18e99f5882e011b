// SPDX-License-Identifier: BSD-2-Clause
#include "app/two_hosts.h"

#include "app/front_end.h"

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
  return verdict.exit_status;
}

} // namespace xtg::app
