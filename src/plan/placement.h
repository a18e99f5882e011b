// SPDX-License-Identifier: BSD-2-Clause
// Which CPUs serve an interface's interrupts and transmit queues, and what that means for the CPUs
// that send. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xtg::plan {

struct Interrupt {
  int number = 0;
  std::string name;      ///< "eth0-TxRx-3", as in /proc/interrupts
  std::vector<int> cpus; ///< that serve it
  bool operator==(const Interrupt&) const = default;
};

/// A transmit queue and the CPUs whose frames go there (XPS); none: any CPU's.
struct QueueCpus {
  int queue = 0;
  std::vector<int> cpus;
  bool operator==(const QueueCpus&) const = default;
};

/// Not one of transmission or control alone, by its name.
bool may_receive(const Interrupt& interrupt);

/// Those of an interface among the lines of /proc/interrupts, without their CPUs.
std::vector<Interrupt> parse_interrupts(std::string_view text, const std::vector<int>& numbers);

/// "0000000c,00000003": a mask of CPUs in sysfs.
std::vector<int> parse_cpu_mask(std::string_view text);

/// A hint if sending threads share a CPU with a receive interrupt of the interface; else empty.
std::string shared_cpus_note(std::string_view interface, const std::vector<Interrupt>& interrupts,
                             const std::vector<int>& cpus);

/// "eth0-TxRx-0 on CPU 0; eth0-TxRx-1 on CPU 1"; "none of its own" if there are none.
std::string describe(const std::vector<Interrupt>& interrupts);
/// "0 from CPU 0; 1 from CPU 1"; "from any CPU" if no queue has CPUs of its own.
std::string describe(const std::vector<QueueCpus>& queues);

} // namespace xtg::plan
