// SPDX-License-Identifier: BSD-2-Clause
#include "net/interrupts.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/text.h"
#include "core/units.h"

namespace xtg::net {

namespace {

namespace fs = std::filesystem;

/// As far as it can be read: with one queue, reading the map of CPUs fails.
std::string contents(const fs::path& file) {
  std::ifstream in(file);
  std::string text, line;
  while (std::getline(in, line))
    (text += line) += '\n';
  return text;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

/// Of the device, or of the one that it is on: a virtio device is on a PCI device.
std::vector<int> numbers_of(const fs::path& device) {
  std::vector<int> numbers;
  std::error_code error;
  const fs::path at = fs::canonical(device, error);
  if (error) return numbers;
  for (const fs::path& place : {at, at.parent_path()}) {
    for (fs::directory_iterator entry(place / "msi_irqs", error), end; !error && entry != end;
         entry.increment(error))
      if (const auto number = parse_unsigned<int>(entry->path().filename().string()))
        numbers.push_back(*number);
    if (!numbers.empty()) break;
  }
  return numbers;
}

std::vector<int> cpus_of(const fs::path& interrupt) {
  for (const char* name : {"effective_affinity_list", "smp_affinity_list"}) {
    const std::string text = contents(interrupt / name);
    if (auto cpus = parse_cpu_list(first_line(text))) return std::move(*cpus);
  }
  return {};
}

} // namespace

std::vector<plan::Interrupt> interrupts(const std::string& interface, const fs::path& root) {
  const auto numbers = numbers_of(root / "sys/class/net" / interface / "device");
  if (numbers.empty()) return {};
  auto out = plan::parse_interrupts(contents(root / "proc/interrupts"), numbers);
  for (plan::Interrupt& interrupt : out)
    interrupt.cpus = cpus_of(root / "proc/irq" / std::to_string(interrupt.number));
  return out;
}

std::vector<plan::QueueCpus> queue_cpus(const std::string& interface, const fs::path& root) {
  std::vector<plan::QueueCpus> out;
  std::error_code error;
  for (int queue = 0;; queue++) {
    const fs::path place =
        root / "sys/class/net" / interface / "queues" / fmt::format("tx-{}", queue);
    if (!fs::exists(place, error)) return out;
    out.push_back({queue, plan::parse_cpu_mask(contents(place / "xps_cpus"))});
  }
}

} // namespace xtg::net
