// SPDX-License-Identifier: BSD-2-Clause
// What --fix changes. Nothing of it has to be undone: it ends with the processes that hold it.
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

/// Holds a repair for the length of a run, on a thread in the namespace of what is repaired.
class Repair {
public:
  /// Carries out a diagnosis' fix; NotSupported where it has none.
  static Result<std::unique_ptr<Repair>> apply(const plan::Diagnosis& diagnosis,
                                               const plan::InterfaceFacts& iface);
  /// Where nothing is in the way because another run has repaired it: holds that repair as well.
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
