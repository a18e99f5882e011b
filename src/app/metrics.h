// SPDX-License-Identifier: BSD-2-Clause
// --prometheus: the figures of the run, for whoever asks over HTTP while it runs. Internal to app.
#pragma once

#include <memory>
#include <mutex>

#include "core/http.h"
#include "core/result.h"
#include "net/http.h"
#include "packet/listen_address.h"
#include "report/sink.h"
#include "serve/metrics.h"

namespace xtg::app {

class Metrics {
public:
  /// Begins to serve, in the calling thread's network namespace.
  static Result<std::unique_ptr<Metrics>> open(const packet::ListenAddress& at);

  /// Counts the events of a run, and passes them on. The metrics outlive the sink.
  std::unique_ptr<report::Sink> beside(std::unique_ptr<report::Sink> sink);
  void note(const report::Event& event);

private:
  Metrics() = default;
  HttpAnswer answer(const HttpRequest& request);

  std::mutex mutex_;
  serve::Metric run_;
  std::unique_ptr<net::HttpServer> server_; ///< the last member: its threads use the others
};

} // namespace xtg::app
