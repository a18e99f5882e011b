// SPDX-License-Identifier: BSD-2-Clause
// Who may ask, and which options a client may give.
#include "serve/policy.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "serve/page.h"
#include "serve/policy_parts.h"

namespace xtg::serve {
namespace {

// --- who may ask ---

std::string bearer(const HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string value = request.header("authorization");
  return value.starts_with(kScheme) ? value.substr(kScheme.size()) : std::string{};
}

/// Without the port: "[::1]:80" is "::1".
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('['))
    return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
  return authority.substr(0, authority.find(':'));
}

/// A name that somebody else's DNS may point here is not one of ours.
bool is_own_name(std::string_view authority) {
  const std::string_view host = host_of(authority);
  return host.empty() || host == "localhost" || packet::Ip::parse(host).has_value();
}

/// A page sends its origin along with whatever changes something.
bool is_foreign_page(const HttpRequest& request) {
  const std::string origin = request.header("origin");
  return !origin.empty() && origin != "http://" + request.header("host");
}

// --- what may be asked for ---

/// Of the operator: clients do not decide them.
constexpr std::array<std::string_view, 4> kOperators = {"fix", "allow_default_route",
                                                        "allow_public", "dry_run"};

Status check_given(const spec::Given& given, const Policy& policy) {
  const spec::Option& option = *given.option;
  if (is_of_two_hosts(option))
    return refused(fmt::format("{}: a test of this server is of its own host", given.where));
  if (!is_operators(option)) return {};
  if (option.value == "FILE")
    return refused(fmt::format("{}: a client cannot name a file of this host", given.where));
  if (option.is_flag() && given.texts.front() == spec::kFalse) return {};
  if (option.key == "fix" && policy.fix) return {};
  return refused(
      fmt::format("{}: this is the operator's to decide, with options of serve", given.where));
}

Status check_all(const std::vector<spec::Given>& options, const Policy& policy) {
  for (const spec::Given& given : options)
    if (auto ok = check_given(given, policy); !ok) return ok;
  return {};
}

} // namespace

tl::unexpected<Error> not_served(std::string_view command) {
  return refused(fmt::format("command {} is not served: expected one of {}", xtg::quoted(command),
                             fmt::join(kServed, ", ")));
}

bool is_operators(const spec::Option& option) {
  return option.value == "FILE" || std::ranges::count(kOperators, option.key) != 0;
}

bool is_of_two_hosts(const spec::Option& option) {
  return option.group == spec::kTwoHosts;
}

bool same_secret(std::string_view a, std::string_view b) {
  // Over the length of what was sent, which its sender knows.
  unsigned differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const auto x = static_cast<unsigned char>(a.empty() ? 0 : a[i % a.size()]);
    differs |= static_cast<unsigned>(x ^ static_cast<unsigned char>(b[i]));
  }
  return differs == 0;
}

std::optional<Denial> admit(const HttpRequest& request, const Policy& policy) {
  const auto peer = packet::Ip::parse(request.peer);
  const bool known =
      policy.allow.empty() ||
      (peer && std::ranges::any_of(policy.allow, [&](auto& p) { return p.contains(*peer); }));
  if (!known)
    return Denial{
        403, fmt::format("this server does not answer to {}: it is not in --allow", request.peer)};
  if (is_foreign_page(request)) return Denial{403, "a page of another origin sent this request"};
  if (policy.token.empty()) {
    if (is_own_name(request.header("host"))) return std::nullopt;
    return Denial{403, "without a token this server answers only to its addresses and localhost"};
  }
  if (request.path == "/v1/health" || is_of_page(request.path)) return std::nullopt;
  const std::string given = bearer(request);
  if (given.empty())
    return Denial{401, "a token is missing: expected \"Authorization: Bearer TOKEN\""};
  if (!same_secret(policy.token, given)) return Denial{401, "the token is not this server's"};
  return std::nullopt;
}

Status check_draft(const spec::Draft& draft, const Policy& policy) {
  if (std::ranges::count(kServed, draft.command->name) == 0) return not_served(draft.command->name);
  if (auto ok = check_all(draft.options, policy); !ok) return ok;
  for (const auto& stream : draft.streams)
    if (auto ok = check_all(stream, policy); !ok) return ok;
  for (const spec::PortDraft& port : draft.ports)
    if (auto ok = check_all(port.own, policy); !ok) return ok;
  return {};
}

Status check_plan(const AnyPlan& plan, const Policy& policy, std::span<const packet::Ip> proven) {
  if (auto ok = check_destinations(plan, policy, proven); !ok) return ok;
  return check_ceilings(plan, policy);
}

std::vector<PortUse> port_uses(const spec::Test& test) {
  if (const auto* tcp = std::get_if<plan::TcpSpec>(&test.of))
    return {{tcp->interface, true}, {tcp->interface, false}};
  if (const auto* rx = std::get_if<plan::RxSpec>(&test.of)) return {{rx->interface, false}};
  if (const auto* sink = std::get_if<plan::TcpSinkSpec>(&test.of))
    return {{sink->interface, false, sink->port}};
  if (const auto* reflect = std::get_if<plan::ReflectSpec>(&test.of))
    return {{reflect->interface, true}, {reflect->interface, false}};
  std::vector<PortUse> uses;
  if (const auto* udp = std::get_if<plan::TestSpec>(&test.of))
    for (const plan::PortSpec& port : udp->ports) {
      if (port.sends() || udp->bidir) uses.push_back({port.interface, true});
      if (port.receive || udp->bidir) uses.push_back({port.interface, false});
    }
  return uses;
}

} // namespace xtg::serve
