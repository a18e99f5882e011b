// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>
#include <poll.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/privileges.h"
#include "app/serve_machine.h"
#include "app/token_file.h"
#include "core/exit_status.h"
#include "core/program_name.h"
#include "net/datagram.h"
#include "net/http.h"
#include "net/interface.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

constexpr int kLookMs = 250;

Result<serve::Policy> policy_of(const plan::ServeSpec& spec) {
  serve::Policy policy;
  policy.allow = spec.allow;
  policy.send_to = spec.send_to;
  policy.max_rate = spec.max_rate;
  policy.max_duration = spec.max_duration;
  policy.max_packets = spec.max_packets;
  policy.fix = spec.fix;
  for (const std::string& name : spec.interfaces) {
    auto facts = net::interface_facts(net::interface_name(name));
    if (!facts) return tl::unexpected<Error>(std::move(facts.error()));
    policy.interfaces.push_back(facts->name);
  }
  if (spec.token_file.empty()) return policy;
  auto token = read_token(spec.token_file);
  if (!token) return tl::unexpected<Error>(std::move(token.error()));
  policy.token = std::move(*token);
  return policy;
}

/// The operator's, systemd's, or loopback in both families, as far as there are both.
Result<std::vector<net::Listening>> open_sockets(const plan::ServeSpec& spec) {
  if (spec.listen.empty()) {
    auto inherited = net::inherited_sockets();
    if (!inherited || !inherited->empty()) return inherited;
  }
  std::vector<net::Listening> out;
  for (const packet::ListenAddress& at : spec.listen) {
    auto one = net::listen_on(at);
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    out.push_back(std::move(*one));
  }
  if (!spec.listen.empty()) return out;
  auto v4 = net::listen_on({packet::Ip::parse("127.0.0.1").value(), plan::kServePort});
  if (!v4) return tl::unexpected<Error>(std::move(v4.error()));
  out.push_back(std::move(*v4));
  if (auto v6 = net::listen_on({packet::Ip::parse("::1").value(), plan::kServePort}))
    out.push_back(std::move(*v6));
  return out;
}

Status check_open(const std::vector<net::Listening>& sockets, const serve::Policy& policy) {
  for (const net::Listening& socket : sockets)
    if (!socket.at.ip.is_loopback() && policy.token.empty())
      return fail(
          Errc::InvalidArgument,
          fmt::format("it would listen on {} for anybody: --token-file FILE is needed there, "
                      "as in: head -c 24 /dev/urandom | base64 > token",
                      socket.at.to_string()));
  return {};
}

/// What the other end is to be told: an address that it can reach.
packet::ListenAddress reachable(const packet::ListenAddress& at, ServeMachine& machine,
                                const serve::Policy& policy) {
  if (!at.ip.is_unspecified()) return at;
  for (const plan::InterfaceFacts& iface : machine.interfaces(policy.interfaces))
    for (const packet::Ip& ip : iface.addresses)
      if (!ip.is_link_local()) return {ip, at.port};
  return at;
}

/// Where it listens, and the command for the other end.
std::string places_text(const std::vector<net::Listening>& sockets, const plan::ServeSpec& spec,
                        ServeMachine& machine, const serve::Policy& policy) {
  std::vector<std::string> places;
  for (const net::Listening& socket : sockets)
    places.push_back(socket.at.to_string());
  const std::string serving = fmt::format("serving {} on {}\n", fmt::join(policy.interfaces, ", "),
                                          fmt::join(places, ", "));
  const auto far = std::ranges::find_if(
      sockets, [](const net::Listening& socket) { return !socket.at.ip.is_loopback(); });
  if (far == sockets.end())
    return serving +
           "it listens on loopback only: other hosts need --listen ADDRESS and --token-file FILE\n";
  return fmt::format("{}at the other end: {} udp --server {}{}\n", serving, program_name(),
                     packet::host_and_port(reachable(far->at, machine, policy), plan::kServePort),
                     spec.token_file.empty() ? "" : " --token-file " + spec.token_file);
}

/// Until it is asked to end.
void keep_serving(serve::Service& service, StopToken& stop) {
  while (stop.asked() == Asked::Nothing) {
    pollfd news{stop.fd(), POLLIN, 0};
    poll(&news, 1, kLookMs);
    if (news.revents != 0) stop.take();
    service.tick();
  }
}

Status run(const plan::ServeSpec& spec, Context& context) {
  auto policy = policy_of(spec);
  if (!policy) return tl::unexpected<Error>(std::move(policy.error()));
  auto sockets = open_sockets(spec);
  if (!sockets) return tl::unexpected<Error>(std::move(sockets.error()));
  if (auto ok = check_open(*sockets, *policy); !ok) return ok;
  if (auto ok = drop_privileges(spec.user); !ok) return ok;
  ServeMachine machine;
  serve::Service service(*policy, machine);
  const auto attended = context.stop.attend();
  const std::string places = places_text(*sockets, spec, machine, *policy);
  auto server = net::HttpServer::start(
      std::move(*sockets), [&](const HttpRequest& request) { return service.handle(request); });
  if (!server) return tl::unexpected<Error>(std::move(server.error()));
  context.out << places << std::flush;
  net::notify_service_manager("READY=1");
  keep_serving(service, context.stop);
  net::notify_service_manager("STOPPING=1");
  service.stop(); // answers go on meanwhile: clients get their results
  return {};
}

} // namespace

int serve(const plan::ServeSpec& spec, Context& context) {
  xdp::init_logging(spec.verbose);
  const Status done = run(spec, context);
  return done ? static_cast<int>(ExitStatus::Done) : report_error(done.error(), context);
}

} // namespace xtg::app
