// SPDX-License-Identifier: BSD-2-Clause
// What the files of the policy share. Internal to serve.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "serve/policy.h"

namespace xtg::serve {

inline tl::unexpected<Error> refused(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

tl::unexpected<Error> not_served(std::string_view command);

/// ceilings.cpp
Status check_ceilings(const AnyPlan& plan, const Policy& policy);
/// destinations.cpp
Status check_destinations(const AnyPlan& plan, const Policy& policy,
                          std::span<const packet::Ip> proven);

} // namespace xtg::serve
