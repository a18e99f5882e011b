// SPDX-License-Identifier: BSD-2-Clause
#include "app/far_host.h"

#include <utility>

#include <fmt/format.h>

#include "app/facts.h"
#include "app/token_file.h"
#include "net/http.h"
#include "net/tcp.h"
#include "packet/listen_address.h"
#include "serve/far_end.h"

namespace xtg::app {

std::string HostPath::near_end() const {
  return fmt::format("{} ({})", near_ip.to_string(), near_interface);
}

std::string HostPath::far_end() const {
  return fmt::format("{} ({})", far_ip.to_string(),
                     far_interface.empty() ? "server" : far_interface);
}

FarHost::FarHost(plan::FarEnd far, const packet::Ip& control, std::unique_ptr<FarRuns> runs,
                 std::vector<serve::FarInterface> interfaces)
    : far_(std::move(far)), control_(control), runs_(std::move(runs)),
      interfaces_(std::move(interfaces)) {}

Result<std::unique_ptr<FarHost>> FarHost::connect(const plan::FarEnd& far, std::ostream& err) {
  const auto addresses = net::resolve_host(far.host);
  if (!addresses) return tl::unexpected<Error>(addresses.error());
  std::string token;
  if (!far.token_file.empty()) {
    auto read = read_token(far.token_file);
    if (!read) return tl::unexpected<Error>(std::move(read.error()));
    token = std::move(*read);
  }
  auto failed = fail(Errc::NotFound, far.host + ": the host has no address");
  for (const packet::Ip& ip : *addresses) {
    auto runs = std::make_unique<FarRuns>(net::HttpTarget{ip, far.port, token}, err);
    auto interfaces = runs->interfaces();
    if (interfaces)
      return std::unique_ptr<FarHost>(
          new FarHost(far, ip, std::move(runs), std::move(*interfaces)));
    failed = tl::unexpected<Error>(std::move(interfaces.error()));
  }
  return failed;
}

Result<HostPath> FarHost::find_path(const plan::InterfaceChoice& near,
                                    const std::optional<packet::Ip>& dst) const {
  // Even if frames go elsewhere, an interface that the server lacks is an error.
  auto to = serve::far_address(interfaces_, far_.interface, control_);
  if (!to) return tl::unexpected<Error>(std::move(to.error()));
  HostPath path;
  path.far_ip = dst.value_or(*to);
  path.far_interface = far_.interface;
  auto local = net::local_address_to(path.far_ip, far_.port);
  if (!local) return tl::unexpected<Error>(std::move(local.error()));
  path.near_ip = *local;
  plan::RouteQuestion question;
  question.dst = path.far_ip;
  auto interface = find_interface(near, question);
  if (!interface) return tl::unexpected<Error>(std::move(interface.error()));
  path.near_interface = interface->name;
  return path;
}

std::string FarHost::server() const {
  return packet::ListenAddress{control_, far_.port}.to_string();
}

} // namespace xtg::app
