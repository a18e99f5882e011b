// SPDX-License-Identifier: BSD-2-Clause
// What `tcp --dry-run` prints: the resolved plan, as text and as JSON.
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "core/version.h"
#include "report/describe.h"
#include "report/dry_run.h"
#include "report/tcp_values.h"
#include "report/tcp_phrases.h"

namespace xtg::report {
namespace {

void row(std::ostream& out, std::string_view label, std::string_view value) {
  fmt::print(out, "{:<16}{}\n", label, value);
}

std::string ingress_text(plan::Ingress ingress) {
  switch (ingress) {
  case plan::Ingress::Xdp:
    return "XDP program";
  case plan::Ingress::Tc:
    return "tc program";
  case plan::Ingress::Auto:
    break;
  }
  return "XDP program, or tc where there is another XDP program";
}

void print_path(std::ostream& out, const plan::TcpPlan& plan) {
  const plan::TcpSpec& spec = plan.spec;
  row(out, "interface", interface_text(plan.iface));
  row(out, "destination", fmt::format("{} port {}", plan.dst.to_string(), spec.port));
  row(out, "source",
      fmt::format("{}, port{} {}", plan.src ? plan.src->to_string() : "by the route",
                  spec.flows == 1 ? "" : "s",
                  !spec.src_port ? "chosen by the kernel"
                  : spec.flows == 1
                      ? std::to_string(*spec.src_port)
                      : fmt::format("{}-{}", *spec.src_port, *spec.src_port + spec.flows - 1)));
  if (plan.iface.ethernet) {
    row(out, "dst-mac", plan.dst_mac.to_string());
    row(out, "src-mac", plan.src_mac.to_string());
  }
  row(out, "hop-limit", std::to_string(spec.hop_limit));
  row(out, "tos", std::to_string(spec.tos));
}

void print_sending(std::ostream& out, const plan::TcpPlan& plan) {
  const plan::TcpSpec& spec = plan.spec;
  row(out, "flows",
      fmt::format("{}, opened {} at a time, {} for each", with_thousands(spec.flows), spec.parallel,
                  format_duration(spec.connect_timeout)));
  row(out, "threads", fmt::format("{} on CPU {}", plan.cpus.size(), cpu_list(plan.cpus)));
  row(out, "ingress", ingress_text(spec.ingress));
  row(out, "segments",
      fmt::format("IP packets of at most {} bytes{}, {} in a burst", plan.max_segment_ip,
                  spec.mss ? fmt::format(", at most {} of payload", *spec.mss) : "", spec.burst));
  row(out, "congestion", name(spec.congestion));
  row(out, "rate", rate_text(spec.rate));
  row(out, "payload", payload_text(plan));
  row(out, "amount", amount_text(plan));
  row(out, "duration", spec.duration ? format_duration(*spec.duration) : "no limit");
  row(out, "ending",
      fmt::format("{}, after at most {} for what is in flight", close_text(spec.close),
                  format_duration(spec.drain)));
  row(out, "silence", fmt::format("{}, then a flow is given up", format_duration(spec.silence)));
  row(out, "interval", format_duration(spec.interval));
}

} // namespace

void print_tcp_plan(std::ostream& out, const plan::TcpPlan& plan) {
  print_path(out, plan);
  print_sending(out, plan);
  if (plan.spec.fix) row(out, "fix", "repair the interface for the run");
  out << std::flush;
}

std::string tcp_plan_json(const plan::TcpPlan& plan, const std::string& test) {
  const Json document = {{"version", kVersion},
                         {"schema", kSchemaVersion},
                         {"plan", with_test(tcp_plan_value(plan), test)}};
  return dump(document, 2);
}

} // namespace xtg::report
