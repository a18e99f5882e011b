// SPDX-License-Identifier: BSD-2-Clause
// argv to Spec. The only user of CLI11; no side effects beyond the texts it returns.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "plan/exchange_spec.h"
#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"
#include "plan/tcp_spec.h"

namespace xtg::cli {

/// --help, --version, and completion scripts: print to stdout, exit status 0.
struct TextRequest {
  std::string text;
};

using Request = std::variant<TextRequest, plan::RunSpec, plan::ExchangeSpec, plan::TcpSpec,
                             plan::RxSpec, plan::ReflectSpec, plan::ProbeSpec, plan::DemoSpec>;

/// `args` without the program's name. Errors are InvalidArgument: one line naming the option, the
/// value and what would be accepted.
Result<Request> parse(const std::vector<std::string>& args);

} // namespace xtg::cli
