// SPDX-License-Identifier: BSD-2-Clause
// The commands: each declares its options on a subcommand of the root and turns what was given into
// a request. The objects hold the specs that the options fill, so they stay where they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/option_set.h"

namespace xtg::cli {

class Command {
public:
  Command(CLI::App& root, const std::string& name, const std::string& summary);
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  [[nodiscard]] const CLI::App& app() const { return app_; }
  /// All words from the command's name on.
  void set_args(std::vector<std::string> args) { args_ = std::move(args); }
  /// The request, once the words have been parsed.
  virtual Result<Request> request() = 0;

protected:
  /// Whether an option was given by its short name, "-t".
  [[nodiscard]] bool given_short(std::string_view name) const;
  CLI::App& app_;
  OptionSet options_;
  std::vector<std::string> args_;
};

class UdpCommand : public Command {
public:
  explicit UdpCommand(CLI::App& root);
  Result<Request> request() override;

private:
  void declare_frame();
  void declare_layers();
  void declare_stream();
  void declare_run();
  void declare_ends();
  void declare_output();
  [[nodiscard]] Status check() const;
  /// The run that the words ask for, without the other end.
  Result<plan::RunSpec> run_spec();
  [[nodiscard]] Result<plan::PortSpec> port_spec(const std::string& text) const;
  [[nodiscard]] Result<plan::ExchangeSpec> exchange_spec() const;
  [[nodiscard]] Status check_ends() const;
  plan::RunSpec spec_;
  plan::ExchangeSpec ends_; ///< all but what spec_ has and the ports
  std::vector<std::string> rx_, ports_;
};

class TcpCommand : public Command {
public:
  explicit TcpCommand(CLI::App& root);
  Result<Request> request() override;

private:
  void declare_far_end();
  void declare_flows();
  void declare_sending();
  void declare_data();
  void declare_ending();
  void declare_output();
  [[nodiscard]] Status check() const;
  [[nodiscard]] std::string iperf_note() const;
  plan::TcpSpec spec_;
};

class RxCommand : public Command {
public:
  explicit RxCommand(CLI::App& root);
  Result<Request> request() override;

private:
  void declare_frames();
  void declare_run();
  void declare_output();
  plan::RxSpec spec_;
};

class ReflectCommand : public Command {
public:
  explicit ReflectCommand(CLI::App& root);
  Result<Request> request() override;

private:
  void declare_frames();
  void declare_way_back();
  plan::ReflectSpec spec_;
};

class ProbeCommand : public Command {
public:
  explicit ProbeCommand(CLI::App& root);
  Result<Request> request() override;

private:
  plan::ProbeSpec spec_;
};

class DemoCommand : public Command {
public:
  explicit DemoCommand(CLI::App& root);
  /// What stood behind "--"; `given` tells an empty command from none.
  void set_command(std::vector<std::string> command, bool given);
  Result<Request> request() override;

private:
  plan::DemoSpec spec_;
  bool command_given_ = false;
};

class CompletionCommand : public Command {
public:
  explicit CompletionCommand(CLI::App& root);
  Result<Request> request() override;

private:
  const CLI::App& root_;
  std::string shell_;
};

} // namespace xtg::cli
