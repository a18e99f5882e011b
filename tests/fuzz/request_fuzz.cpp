// SPDX-License-Identifier: BSD-2-Clause
// What a server reads from its clients: where a request ends, and what its body asks for. A test
// that passes stays within the ceilings.
#include "core/http_framing.h"
#include "fuzz.h"
#include "serve/policy.h"
#include "spec/profile.h"

namespace {

using xtg::fuzz::require;

void frame(std::string_view bytes) {
  const xtg::HttpLimits limits{128, 64};
  const auto whole = xtg::http_frame(bytes, limits);
  if (whole.state != xtg::HttpFrame::State::Complete) return;
  require(whole.size <= bytes.size() && whole.size <= limits.head + limits.body, "size");
  // What follows a request does not change it.
  const auto alone = xtg::http_frame(bytes.substr(0, whole.size), limits);
  require(alone.state == whole.state && alone.size == whole.size, "the request alone");
}

void body(std::string_view text) {
  xtg::serve::Policy policy;
  policy.interfaces = {"eth1"};
  policy.send_to = {xtg::packet::IpPrefix::parse("198.18.0.0/24").value()};
  const auto draft = xtg::spec::profile_draft(text, "test", nullptr);
  if (!draft || !xtg::serve::check_draft(*draft, policy)) return;
  auto test = xtg::spec::build(*draft);
  if (!test || !xtg::serve::settle(*test, policy, "eth1")) return;
  for (const xtg::serve::PortUse& seat : xtg::serve::port_uses(*test))
    require(seat.interface == "eth1", "interface");
  const auto* udp = std::get_if<xtg::plan::TestSpec>(&test->of);
  if (udp == nullptr) return;
  require(udp->duration && *udp->duration <= policy.max_duration && udp->pcap_path.empty() &&
              !udp->fix,
          "ceilings");
  if (!xtg::serve::check_destinations(*test, policy, {})) return;
  for (const auto& port : udp->ports)
    for (const auto& stream : port.streams) {
      require(stream.dst_addr && policy.send_to.front().contains(stream.dst_addr->first) &&
                  policy.send_to.front().contains(stream.dst_addr->last()),
              "destination");
      require(stream.rate.rate.unit != xtg::Rate::Unit::Max, "rate");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  frame(xtg::fuzz::as_text(data, size));
  body(xtg::fuzz::as_text(data, size));
  return 0;
}
