// SPDX-License-Identifier: BSD-2-Clause
// What --fix changes, and putting it back.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "net/netns.h"
#include "plan/diagnose.h"

namespace xtg::app {

/// Holds a repaired setting for the length of a run; the destructor puts it back.
class Repair {
public:
  /// Carries out a diagnosis' fix; NotSupported where it has none.
  static Result<Repair> apply(const plan::Diagnosis& diagnosis, const plan::InterfaceFacts& iface);
  Repair(Repair&& other) noexcept;
  Repair& operator=(Repair&&) = delete;
  ~Repair();

  [[nodiscard]] const std::string& what() const { return what_; }

private:
  Repair(net::NetNs ns, std::string ifname);
  std::optional<net::NetNs> ns_; ///< empty when moved from
  std::string ifname_;
  std::string what_;
};

} // namespace xtg::app
