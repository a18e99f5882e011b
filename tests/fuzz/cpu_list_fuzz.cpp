// SPDX-License-Identifier: BSD-2-Clause
#include <set>
#include <string>

#include "core/units.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const Result<std::vector<int>> cpus = parse_cpu_list(fuzz::as_text(data, size));
  if (!cpus) {
    fuzz::require_refusal(cpus.error());
    return 0;
  }
  fuzz::require(!cpus->empty(), "an accepted list names a CPU");
  fuzz::require(std::set<int>(cpus->begin(), cpus->end()).size() == cpus->size(), "each CPU once");
  std::string text;
  for (const int cpu : *cpus)
    text += (text.empty() ? "" : ",") + std::to_string(cpu);
  const Result<std::vector<int>> again = parse_cpu_list(text);
  fuzz::require(again.has_value() && *again == *cpus, "round trip");
  return 0;
}
