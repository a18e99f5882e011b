// SPDX-License-Identifier: BSD-2-Clause
// Options that several commands share, with the rules that hold between them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_set.h"
#include "plan/spec.h"

namespace xtg::cli {

/// A name that a network interface can have.
Result<std::string> parse_interface(std::string_view text);

/// A frame's size with its FCS, within what any header stack and the kernel allow.
Result<std::uint32_t> parse_frame_size(std::string_view text);

void add_threads(OptionSet& options, std::uint32_t& threads, std::vector<int>& cpus);
/// Each CPU carries one thread: settles the thread count and refuses counts that differ.
Status settle_threads(const OptionSet& options, std::uint32_t& threads,
                      const std::vector<int>& cpus);

void add_rate(OptionSet& options, plan::RateLaw& rate);
Status check_rate(const OptionSet& options, const plan::RateLaw& rate);

void add_interval(OptionSet& options, Nanoseconds& interval);
/// Parser of a duration above zero.
Result<Nanoseconds> parse_positive_duration(std::string_view text);

void add_json(OptionSet& options, plan::OutputSpec& output);
Status check_json(const plan::OutputSpec& output);

} // namespace xtg::cli
