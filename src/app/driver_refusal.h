// SPDX-License-Identifier: BSD-2-Clause
// Explains why a driver rejected a program: quotes the driver and names the repair. Internal to
// app.
#pragma once

#include <optional>

#include "core/result.h"
#include "plan/diagnose.h"
#include "plan/facts.h"

namespace xtg::app {

/// The program to attach. A receiver supports multi-buffer frames.
enum class Program : bool { Pass, Receiver };

/// Briefly attaches a program that passes everything. Empty: the driver accepts it, or could not be
/// asked, for example because another program is attached.
std::optional<plan::Diagnosis> driver_refusal(const plan::InterfaceFacts& iface, Program program);

/// Adds the driver's reason to the error of an attachment that the driver rejected.
Error explained(Error error, const plan::InterfaceFacts& iface, Program program);

} // namespace xtg::app
