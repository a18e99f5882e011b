// SPDX-License-Identifier: BSD-2-Clause
// Composition root: words to a request, request to a use-case, errors to the exit status.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/signals.h"
#include "cli/cli.h"
#include "core/clock.h"
#include "core/exit_status.h"

namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>; // clang 14 deduces none for aggregates

std::string as_typed(int argc, char** argv) {
  std::string out;
  for (int i = 0; i < argc; i++) {
    if (i != 0) out.push_back(' ');
    out.append(argv[i]);
  }
  return out;
}

/// In which form to say that the words make no request.
xtg::plan::OutputSpec wanted_output(const std::vector<std::string>& words) {
  xtg::plan::OutputSpec out;
  out.quiet = true;
  for (const auto& word : words) {
    if (word == "--") break;
    out.json |= word == "--json";
    out.json_stream |= word == "--json-stream";
  }
  return out;
}

int run(int argc, char** argv) {
  xtg::app::Context context{std::cout, std::cerr, as_typed(argc, argv), xtg::monotonic_ns()};
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  auto request = xtg::cli::parse(words);
  if (!request) return xtg::app::refuse(request.error(), wanted_output(words), context);

  xtg::app::block_signals();
  const int status = std::visit(
      Overloaded{
          [&](const xtg::cli::TextRequest& text) {
            context.out << text.text;
            return static_cast<int>(xtg::ExitStatus::Done);
          },
          [&](const xtg::plan::RunSpec& spec) { return xtg::app::run(spec, context); },
          [&](const xtg::plan::ExchangeSpec& spec) { return xtg::app::exchange(spec, context); },
          [&](const xtg::plan::TcpSpec& spec) { return xtg::app::tcp(spec, context); },
          [&](const xtg::plan::RxSpec& spec) { return xtg::app::rx(spec, context); },
          [&](const xtg::plan::ReflectSpec& spec) { return xtg::app::reflect(spec, context); },
          [&](const xtg::plan::ProbeSpec& spec) { return xtg::app::probe(spec, context); },
          [&](const xtg::plan::DemoSpec& spec) { return xtg::app::demo(spec, context); },
      },
      *request);
  context.out.flush();
  // A result that could not be written (full disk, closed pipe) is no success.
  if (!context.out && status == 0) return static_cast<int>(xtg::ExitStatus::Failed);
  return status;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "xdp-trafficgen: internal error: " << error.what() << '\n';
    return static_cast<int>(xtg::ExitStatus::Failed);
  }
}
