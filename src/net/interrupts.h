// SPDX-License-Identifier: BSD-2-Clause
// Where the kernel serves an interface's interrupts and takes frames for its transmit queues from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plan/placement.h"

namespace xtg::net {

/// From /proc/interrupts and sysfs; empty for an interface without a device of its own. `root`: for
/// tests.
std::vector<plan::Interrupt> interrupts(const std::string& interface,
                                        const std::filesystem::path& root = "/");

/// Transmit queues by number, with the CPUs of their XPS map.
std::vector<plan::QueueCpus> queue_cpus(const std::string& interface,
                                        const std::filesystem::path& root = "/");

} // namespace xtg::net
