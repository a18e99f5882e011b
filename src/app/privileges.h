// SPDX-License-Identifier: BSD-2-Clause
// What a server gives up before it listens to anybody. Internal to app.
#pragma once

#include <string>

#include "core/result.h"

namespace xtg::app {

/// Becomes this user, with the capabilities of runs alone (man page, PERMISSIONS); an empty name
/// keeps the user and gives up every other capability all the same. Nothing that is executed gains
/// more. For the calling thread and those that it makes.
Status drop_privileges(const std::string& user);

} // namespace xtg::app
