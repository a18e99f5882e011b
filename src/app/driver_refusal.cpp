// SPDX-License-Identifier: BSD-2-Clause
#include "app/driver_refusal.h"

#include <cerrno>

#include "net/driver_xdp.h"
#include "xdp/pass_program.h"

namespace xtg::app {

std::optional<plan::Diagnosis> driver_refusal(const plan::InterfaceFacts& iface, Program program) {
  const auto loaded = xdp::load_pass_program("xtg_pass", program == Program::Receiver);
  if (!loaded) return std::nullopt;
  const auto answer = net::ask_driver(iface.ifindex, loaded->get());
  if (!answer || answer->takes) return std::nullopt;
  return plan::refused_program(iface, *answer);
}

Error explained(Error error, const plan::InterfaceFacts& iface, Program program) {
  if (error.code == Errc::NoPermission || error.sys == EBUSY || error.sys == EEXIST) return error;
  const auto why = driver_refusal(iface, program);
  if (!why) return error;
  return {Errc::NotSupported, 0, why->paragraph()};
}

} // namespace xtg::app
