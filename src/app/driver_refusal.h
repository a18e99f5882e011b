// SPDX-License-Identifier: BSD-2-Clause
// Why a program could not be attached in a driver: in the driver's own words, and with what repairs
// it. Internal to app.
#pragma once

#include <optional>

#include "core/result.h"
#include "plan/diagnose.h"
#include "plan/facts.h"

namespace xtg::app {

/// Whose attachment it is about: a receiver copes with frames in several pieces.
enum class Program : bool { Pass, Receiver };

/// Hands the driver a program that passes everything, for a moment. Nothing: it takes it, or could
/// not be asked, as where another program is attached.
std::optional<plan::Diagnosis> driver_refusal(const plan::InterfaceFacts& iface, Program program);

/// The error of an attachment in the driver, which says why where the driver has refused.
Error explained(Error error, const plan::InterfaceFacts& iface, Program program);

} // namespace xtg::app
