// SPDX-License-Identifier: BSD-2-Clause
// Changes made by --fix. None has to be undone: they end with the processes that hold them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/result.h"
#include "plan/diagnose.h"

namespace xtg::app {

/// Holds a repair for the length of a run, on a thread in the namespace of the repaired interface.
class Repair {
public:
  /// Applies a diagnosis' fix; NotSupported if it has none.
  static Result<std::unique_ptr<Repair>> apply(const plan::Diagnosis& diagnosis,
                                               const plan::InterfaceFacts& iface);
  /// If another run has repaired the interface already, holds that repair as well.
  static std::unique_ptr<Repair> share(const plan::InterfaceFacts& iface);
  ~Repair();

  [[nodiscard]] const std::string& what() const { return what_; }

private:
  explicit Repair(std::string what) : what_(std::move(what)) {}
  static Result<std::unique_ptr<Repair>> hold(const plan::VethPeer& peer, bool only_shared);
  std::string what_;
  std::jthread keeper_;
};

} // namespace xtg::app
