// SPDX-License-Identifier: BSD-2-Clause
// From the options that were given, on the command line or in a profile, to a test: reads their
// texts and checks the rules of the table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "spec/option.h"

namespace xtg::spec {

struct Given {
  const Option* option = nullptr;
  std::vector<std::string> texts; ///< for a flag: kTrue or kFalse
  std::string where;              ///< name in errors: "--rate", "--profile f: streams[1].rate"
};

/// A port as given; `where`: "--port \"eth1,rate=1Mpps\"".
struct PortDraft {
  std::string interface;
  std::vector<Given> own;
  std::string where;
};

struct Draft {
  const CommandInfo* command = nullptr;
  std::string label;          ///< prefix of errors from rules: "--profile mix.json"; may be empty
  std::vector<Given> options; ///< of the run, and of all its streams
  std::vector<std::vector<Given>> streams{}; ///< each stream's own options
  std::vector<PortDraft> ports{};
  std::vector<std::string> rest{}; ///< the command that demo runs
};

/// The text of one --port: "eth1,rate=1Mpps".
Result<PortDraft> port_draft(const CommandInfo& command, const std::string& text,
                             const std::string& where);

/// `over`, from the command line, overrides the profile.
Draft merge(Draft profile, Draft over);

/// Errors are InvalidArgument: one line that names the option, the value and what is accepted.
Result<Test> build(const Draft& draft);

/// --rate "10G": reason
[[nodiscard]] tl::unexpected<Error> bad_value(std::string_view option, std::string_view text,
                                              std::string_view reason);

} // namespace xtg::spec
