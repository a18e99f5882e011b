// SPDX-License-Identifier: BSD-2-Clause
#include "plan/placement.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"

namespace xtg::plan {

namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view last_word(std::string_view line) {
  while (!line.empty() && line.back() == ' ')
    line.remove_suffix(1);
  return line.substr(line.find_last_of(" \t") + 1);
}

std::string cpus_text(const std::vector<int>& cpus) {
  return fmt::format("CPU{} {}", cpus.size() == 1 ? "" : "s", fmt::join(cpus, ","));
}

} // namespace

bool may_receive(const Interrupt& interrupt) {
  std::string name = interrupt.name;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto has = [&name](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("rx") || has("input")) return true;
  return !has("tx") && !has("output") && !has("config") && !has("async") && !has("event") &&
         !has("mgmnt");
}

std::vector<Interrupt> parse_interrupts(std::string_view text, const std::vector<int>& numbers) {
  std::vector<Interrupt> out;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto number = parse_unsigned<int>(line.substr(0, line.find(':')));
    if (number && std::ranges::find(numbers, *number) != numbers.end())
      out.push_back({*number, std::string(last_word(line)), {}});
  }
  return out;
}

std::vector<int> parse_cpu_mask(std::string_view text) {
  std::vector<int> cpus;
  int bit = 0;
  for (auto at = text.rbegin(); at != text.rend(); ++at) {
    if (std::isxdigit(static_cast<unsigned char>(*at)) == 0) continue; // commas, the line's end
    const auto digit = *parse_unsigned<unsigned>(std::string_view(&*at, 1), 16);
    for (int i = 0; i < 4; i++, bit++)
      if ((digit >> i & 1U) != 0) cpus.push_back(bit);
  }
  return cpus;
}

std::string shared_cpus_note(std::string_view interface, const std::vector<Interrupt>& interrupts,
                             const std::vector<int>& cpus) {
  std::vector<int> shared;
  std::string name;
  for (const Interrupt& interrupt : interrupts) {
    // An interrupt that may go to several CPUs can be anywhere.
    if (interrupt.cpus.size() != 1 || !may_receive(interrupt)) continue;
    const int cpu = interrupt.cpus.front();
    if (std::ranges::find(cpus, cpu) == cpus.end()) continue;
    if (name.empty()) name = interrupt.name;
    if (std::ranges::find(shared, cpu) == shared.end()) shared.push_back(cpu);
  }
  if (shared.empty()) return {};
  std::ranges::sort(shared);
  return fmt::format("{} {} receive interrupts of {} as well ({}): what arrives slows the sender; "
                     "--cpus chooses others",
                     cpus_text(shared), shared.size() == 1 ? "serves" : "serve", interface, name);
}

std::string describe(const std::vector<Interrupt>& interrupts) {
  if (interrupts.empty()) return "none of its own";
  std::vector<std::string> parts;
  for (const Interrupt& interrupt : interrupts)
    parts.push_back(fmt::format("{} on {}", interrupt.name,
                                interrupt.cpus.empty() ? "?" : cpus_text(interrupt.cpus)));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string describe(const std::vector<QueueCpus>& queues) {
  std::vector<std::string> parts;
  for (const QueueCpus& queue : queues)
    if (!queue.cpus.empty())
      parts.push_back(fmt::format("{} from {}", queue.queue, cpus_text(queue.cpus)));
  return parts.empty() ? "from any CPU" : fmt::format("{}", fmt::join(parts, "; "));
}

} // namespace xtg::plan
