// SPDX-License-Identifier: BSD-2-Clause
#include "app/metrics.h"

#include <array>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/app.h"

namespace xtg::app {
namespace {

/// By the kind of begin.
constexpr std::array<std::string_view, std::variant_size_v<report::Begin>> kCommands = {
    "udp", "udp", "tcp", "rx", "reflect", "search", "tcp-sink"};
static_assert(!kCommands.back().empty(), "every kind of begin has a name");

template <class Plan>
const plan::InterfaceFacts& first_interface(const Plan& plan) {
  if constexpr (requires { plan.ports; })
    return plan.ports.front().iface;
  else
    return plan.iface;
}

class Counted final : public report::Sink {
public:
  Counted(Metrics& metrics, std::unique_ptr<report::Sink> sink)
      : metrics_(metrics), sink_(std::move(sink)) {}
  void take(const report::Event& event) override {
    metrics_.note(event);
    sink_->take(event);
  }
  [[nodiscard]] Status status() const override { return sink_->status(); }
  [[nodiscard]] bool complete() const override { return sink_->complete(); }

private:
  Metrics& metrics_;
  std::unique_ptr<report::Sink> sink_;
};

} // namespace

Status open_metrics(const plan::OutputSpec& output, Context& context) {
  if (!output.prometheus) return {};
  auto metrics = Metrics::open(*output.prometheus);
  if (!metrics) return tl::unexpected<Error>(std::move(metrics.error()));
  context.metrics = std::move(*metrics);
  return {};
}

Result<std::unique_ptr<Metrics>> Metrics::open(const packet::ListenAddress& at) {
  auto socket = net::listen_on(at);
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()).context("--prometheus"));
  std::vector<net::Listening> sockets;
  sockets.push_back(std::move(*socket));
  std::unique_ptr<Metrics> metrics(new Metrics);
  // One scraper asks a few times a minute.
  net::HttpServerLimits few;
  few.connections = 64;
  few.workers = 2;
  auto server = net::HttpServer::start(
      std::move(sockets),
      [&metrics = *metrics](const HttpRequest& request) { return metrics.answer(request); }, few);
  if (!server) return tl::unexpected<Error>(std::move(server.error()).context("--prometheus"));
  metrics->server_ = std::move(*server);
  return metrics;
}

std::unique_ptr<report::Sink> Metrics::beside(std::unique_ptr<report::Sink> sink) {
  return std::make_unique<Counted>(*this, std::move(sink));
}

void Metrics::note(const report::Event& event) {
  const std::lock_guard lock(mutex_);
  if (const auto* begin = std::get_if<report::Begin>(&event)) {
    run_.command = kCommands[begin->index()];
    run_.interface = std::visit([](const auto& b) { return first_interface(b.plan).name; }, *begin);
    run_.running = true;
  } else if (const auto* interval = std::get_if<report::Interval>(&event)) {
    serve::add(run_.figures, *interval);
  } else if (const auto* end = std::get_if<report::End>(&event)) {
    serve::conclude(run_.figures, *end);
    run_.running = false;
  }
}

HttpAnswer Metrics::answer(const HttpRequest& request) {
  if (request.path != "/metrics")
    return {404, "application/json", "{\"error\":\"expected GET /metrics\"}\n"};
  const std::lock_guard lock(mutex_);
  const bool begun = !run_.command.empty();
  return serve::metrics_answer(begun ? std::vector{run_} : std::vector<serve::Metric>{},
                               std::nullopt);
}

} // namespace xtg::app
