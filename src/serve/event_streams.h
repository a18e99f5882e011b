// SPDX-License-Identifier: BSD-2-Clause
// How many event streams are read: each holds a thread that others need. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace xtg::serve {

class EventStreams {
public:
  static constexpr std::size_t kMax = 32, kMaxOfOne = 8; ///< in all, of one client

  /// A place, to be kept while the stream is read; null where there is none.
  std::shared_ptr<void> enter(const std::string& client) {
    const std::lock_guard lock(state_->mutex);
    const auto own = state_->of.find(client);
    if (state_->all >= kMax || (own != state_->of.end() && own->second >= kMaxOfOne))
      return nullptr;
    ++state_->of[client];
    ++state_->all;
    return {static_cast<void*>(state_.get()), [state = state_, client](void*) {
              const std::lock_guard leaving(state->mutex);
              --state->all;
              if (--state->of[client] == 0) state->of.erase(client);
            }};
  }

private:
  struct State {
    std::mutex mutex;
    std::size_t all = 0;
    std::map<std::string, std::size_t> of;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

} // namespace xtg::serve
