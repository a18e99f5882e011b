// SPDX-License-Identifier: BSD-2-Clause
#include "app/patience.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "app/front_end.h"
#include "core/program_name.h"

namespace xtg::app {

namespace {

constexpr auto kWorthALine = std::chrono::milliseconds(500);

} // namespace

Patience::Patience(const plan::OutputSpec& output, Context& context, std::string what) {
  if (!for_people(output)) return;
  waiting_ = std::jthread([&context, what = std::move(what)](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any over;
    std::unique_lock lock(mutex);
    over.wait_for(lock, stop, kWorthALine, [] { return false; });
    if (stop.stop_requested()) return;
    fmt::print(context.err, "{}: waiting for {}\n", program_name(), what);
    context.err.flush();
  });
}

} // namespace xtg::app
