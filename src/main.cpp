// SPDX-License-Identifier: BSD-2-Clause
// Composition root: arguments to a request, request to a use case, errors to the exit status.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "app/app.h"
#include "app/signals.h"
#include "cli/cli.h"
#include "core/clock.h"
#include "core/exit_status.h"
#include "core/fd_buffer.h"
#include "core/program_name.h"
#include "core/text.h"
#include "spec/profile.h"

namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>; // clang 14 does not deduce it for aggregates

using Args = std::vector<std::string>;

std::string as_typed(const Args& argv) {
  std::string out;
  for (const std::string& word : argv)
    out.append(out.empty() ? "" : " ").append(word);
  return out;
}

/// The output format for an error when the arguments make no valid request.
xtg::plan::OutputSpec wanted_output(const Args& args) {
  xtg::plan::OutputSpec out;
  out.quiet = true;
  for (const auto& word : args) {
    if (word == "--") break;
    out.json |= word == "--json";
    out.json_stream |= word == "--json-stream";
  }
  return out;
}

/// If a standard stream was closed, the next opened file would take its descriptor. Fills such gaps
/// with a descriptor on which reading and writing fail.
void keep_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/// The standard streams. A process that is ending does not wait for their reader.
struct Streams {
  explicit Streams(int hurry_fd)
      : out_buffer(STDOUT_FILENO, hurry_fd), err_buffer(STDERR_FILENO, hurry_fd) {
    err << std::unitbuf;
  }
  xtg::FdBuffer out_buffer, err_buffer;
  std::ostream out{&out_buffer}, err{&err_buffer};
};

/// Of the commands that make a run; none for the others.
const xtg::plan::OutputSpec* output_of(const xtg::spec::Test& test) {
  return std::visit(
      [](const auto& spec) -> const xtg::plan::OutputSpec* {
        if constexpr (requires { spec.output.prometheus; })
          return &spec.output;
        else if constexpr (requires { spec.test.output; })
          return &spec.test.output;
        else
          return nullptr;
      },
      test.of);
}

/// With --report - the page goes to the standard output, and all else to the standard error.
xtg::app::Context beside_page(const xtg::cli::Request& request, const xtg::app::Context& context) {
  const auto* test = std::get_if<xtg::spec::Test>(&request);
  const auto* output = test == nullptr ? nullptr : output_of(*test);
  if (output == nullptr || output->report_path != "-") return context;
  auto beside = context.printing_to(context.err);
  beside.page = &context.out;
  return beside;
}

int carry_out(const xtg::cli::Request& request, const xtg::app::Context& asked) {
  auto context = beside_page(request, asked);
  if (const auto* text = std::get_if<xtg::cli::TextRequest>(&request)) {
    context.out << text->text;
    return static_cast<int>(xtg::ExitStatus::Done);
  }
  const auto& test = std::get<xtg::spec::Test>(request);
  context.test = xtg::spec::to_profile(test);
  if (const auto* output = output_of(test))
    if (auto ready = xtg::app::open_metrics(*output, context); !ready)
      return xtg::app::reject_request(ready.error(), *output, context);
  return std::visit(
      Overloaded{
          [&](const xtg::plan::TestSpec& spec) {
            return test.far.host.empty() ? xtg::app::udp(spec, context)
                                         : xtg::app::udp_with_server(spec, test.far, context);
          },
          [&](const xtg::plan::TcpSpec& spec) {
            return test.far.host.empty() ? xtg::app::tcp(spec, context)
                                         : xtg::app::tcp_with_server(spec, test.far, context);
          },
          [&](const xtg::plan::TcpSinkSpec& spec) { return xtg::app::tcp_sink(spec, context); },
          [&](const xtg::plan::RxSpec& spec) { return xtg::app::rx(spec, context); },
          [&](const xtg::plan::ReflectSpec& spec) { return xtg::app::reflect(spec, context); },
          [&](const xtg::plan::SearchSpec& spec) {
            return xtg::app::search(spec, test.far, context);
          },
          [&](const xtg::plan::ProbeSpec& spec) { return xtg::app::probe(spec, context); },
          [&](const xtg::plan::DemoSpec& spec) { return xtg::app::demo(spec, context); },
          [&](const xtg::plan::ReportSpec& spec) { return xtg::app::report_files(spec, context); },
          [&](const xtg::plan::ServeSpec& spec) { return xtg::app::serve(spec, context); },
          [](const xtg::spec::Completion&) { return 0; }, // cli produces the script as text
      },
      test.of);
}

int run(const Args& argv, const Args& args, xtg::app::Signals& signals) {
  Streams streams(signals.hurry_fd());
  xtg::app::Context context{
      streams.out, streams.err,         signals.token(),           as_typed(argv),
      {},          xtg::monotonic_ns(), [&] { signals.restore(); }};
  auto request = xtg::cli::parse(args);
  const int status = request
                         ? carry_out(*request, context)
                         : xtg::app::reject_request(request.error(), wanted_output(args), context);
  context.out.flush();
  // The user interrupted while the report was being written.
  if (!context.out && context.stop.asked() == xtg::Asked::Leave)
    return static_cast<int>(xtg::ExitStatus::Interrupted);
  // A result that could not be written (full disk, closed pipe) is a failure.
  if (context.out || status != static_cast<int>(xtg::ExitStatus::Done)) return status;
  return xtg::app::report_error(xtg::app::output_error(context.out), context);
}

/// Uses streams of its own: the main thread may be anywhere.
int interrupted(const Args& argv, const Args& args, xtg::app::Signals& signals) {
  Streams streams(signals.hurry_fd());
  xtg::app::Context context{streams.out, streams.err, signals.token(), as_typed(argv)};
  const int status = xtg::app::reject_request(
      {xtg::Errc::System, 0, "interrupted before anything was sent"}, wanted_output(args), context);
  context.out.flush();
  return status;
}

} // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  if (argc > 0) xtg::set_program_name(argv[0]);
  try {
    const Args all(argv, argv + argc);
    const Args args(argv + (argc > 0 ? 1 : 0), argv + argc);
    xtg::app::Signals signals([&] { return interrupted(all, args, signals); });
    return run(all, args, signals);
  } catch (const std::exception& error) {
    std::cerr << xtg::program_name() << ": internal error: " << xtg::printable(error.what())
              << '\n';
    return static_cast<int>(xtg::ExitStatus::Failed);
  }
}
