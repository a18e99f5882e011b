// SPDX-License-Identifier: BSD-2-Clause
#include "serve/queue.h"

#include <algorithm>
#include <utility>

namespace xtg::serve {

const Queue::Entry* Queue::in_the_way(const std::vector<PortUse>& uses, std::size_t ahead) const {
  const auto shares = [&](const Entry& other) {
    return std::ranges::any_of(
        uses, [&](const PortUse& use) { return std::ranges::count(other.uses, use) != 0; });
  };
  for (const Entry& entry : running_)
    if (shares(entry)) return &entry;
  // Nobody overtakes who waits for the same.
  for (std::size_t i = 0; i < ahead; ++i)
    if (shares(waiting_[i])) return &waiting_[i];
  return nullptr;
}

Queue::Entered Queue::enter(const std::string& id, std::vector<PortUse> uses, bool wait) {
  const Entry* other = in_the_way(uses, waiting_.size());
  if (other == nullptr) {
    running_.push_back({id, std::move(uses)});
    return {};
  }
  std::string by = other->id; // it may be among those that are moved below
  if (!wait) return {Entered::How::Busy, 0, std::move(by)};
  if (waiting_.size() >= kMaxWaiting) return {Entered::How::Full, 0, std::move(by)};
  waiting_.push_back({id, std::move(uses)});
  return {Entered::How::Waits, waiting_.size(), std::move(by)};
}

std::vector<std::string> Queue::leave(const std::string& id) {
  const auto is_it = [&](const Entry& entry) { return entry.id == id; };
  std::erase_if(running_, is_it);
  std::erase_if(waiting_, is_it);
  std::vector<std::string> started;
  for (std::size_t i = 0; i < waiting_.size();) {
    if (in_the_way(waiting_[i].uses, i) != nullptr) {
      ++i;
      continue;
    }
    started.push_back(waiting_[i].id);
    running_.push_back(std::move(waiting_[i]));
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return started;
}

std::optional<std::size_t> Queue::position(const std::string& id) const {
  const auto is_it = [&](const Entry& entry) { return entry.id == id; };
  if (std::ranges::any_of(running_, is_it)) return 0;
  const auto found = std::ranges::find_if(waiting_, is_it);
  if (found == waiting_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - waiting_.begin()) + 1;
}

} // namespace xtg::serve
