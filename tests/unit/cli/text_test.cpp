// SPDX-License-Identifier: BSD-2-Clause
// The texts that the command line gives back: help, version and completion scripts.
#include "cli/cli.h"
#include "cli/version.h"

#include <cstdint>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/version.h"
#include "support/called_xtg.h"

namespace xtg::cli {
namespace {

const std::vector<std::string> kCommands = {"udp",   "tcp",  "rx",     "reflect",   "tcp-sink",
                                            "probe", "demo", "report", "completion"};

std::string text(const std::vector<std::string>& args) {
  const auto request = parse(args);
  if (!request || !std::holds_alternative<TextRequest>(*request)) {
    ADD_FAILURE() << "no text for " << args.back();
    return {};
  }
  return std::get<TextRequest>(*request).text;
}

std::vector<std::string> lines(const std::string& of) {
  std::istringstream in(of);
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

/// The names in the left column of --help: "-s", "--pkt-size".
std::set<std::string> options_in_help(const std::string& command) {
  std::set<std::string> names;
  for (const auto& line : lines(text({command, "--help"}))) {
    std::istringstream words(line.starts_with("  ") ? line : "");
    for (std::string word; words >> word && word.starts_with('-');)
      names.insert(word.back() == ',' ? word.substr(0, word.size() - 1) : word);
  }
  return names;
}

TEST(CliHelp, EveryLevelHasItAndItWinsOverWhatElseIsWrong) {
  const std::string top = text({"--help"});
  EXPECT_EQ(top, text({"-h"}));
  for (const auto& command : kCommands) {
    EXPECT_NE(top.find("\n  " + command + " "), std::string::npos) << command;
    const std::string help = text({command, "--help"});
    EXPECT_EQ(help.find("Usage: xdp-trafficgen " + command + " "), 0U) << help;
    EXPECT_EQ(help, text({command, "-h"}));
    EXPECT_EQ(help, text({command, "--no-such-option", "-h"}));
  }
  EXPECT_EQ(text({"udp", "--rate", "10G", "--help"}), text({"udp", "--help"}));
}

TEST(CliHelp, OneLineForEachOptionUnderAHeading) {
  EXPECT_EQ(options_in_help("udp").size(), 67U + 16U);      // long and short names
  EXPECT_EQ(options_in_help("tcp").size(), 51U + 13U + 2U); // the last are -4 and -6
  EXPECT_EQ(options_in_help("rx").size(), 29U + 7U);
  EXPECT_EQ(options_in_help("reflect").size(), 21U + 7U);
  for (const auto& command : kCommands)
    for (const auto& line : lines(text({command, "--help"})))
      EXPECT_LE(line.size(), 120U) << line;
  const std::string help = text({"udp", "--help"});
  EXPECT_NE(help.find("  -s, --pkt-size BYTES "), std::string::npos);
  EXPECT_NE(help.find("64 (IPv6: 66) to 9220 (default: 64, IPv6: 82)\n"), std::string::npos);
  EXPECT_NE(help.find("      --payload zeros|pattern|random|text "), std::string::npos);
  EXPECT_NE(help.find("\nGeneral:\n  -h, --help"), std::string::npos);
  EXPECT_EQ(help.find("\nOptions:"), std::string::npos) << "an option outside the groups";
}

/// "64 (IPv6: 66) to 9220": the two ends; nothing where a line of --help names no range.
std::optional<std::pair<std::uint64_t, std::uint64_t>> range_of(const std::string& line) {
  static const std::regex range(R"(\b([0-9]+)(?: \(IPv6: [0-9]+\))? to ([0-9]+)\b)");
  std::smatch found;
  if (!std::regex_search(line, found, range)) return std::nullopt;
  return std::pair(std::stoull(found[1]), std::stoull(found[2]));
}

TEST(CliHelp, RangesAreThoseOfTheErrors) {
  std::size_t ranges = 0;
  for (const auto& [command, base] : {std::pair<std::string, std::vector<std::string>>{
                                          "udp", {"eth0", "--rate=1kpps", "--dry-run"}},
                                      {"tcp", {"a"}},
                                      {"rx", {"eth0"}},
                                      {"reflect", {"eth0"}},
                                      {"demo", {"--rate=1kpps"}}}) {
    for (const auto& line : lines(text({command, "--help"}))) {
      const auto range = range_of(line);
      const auto name = line.find("--");
      if (!range || name == std::string::npos) continue;
      const std::string option = line.substr(name, line.find(' ', name) - name);
      ranges++;
      std::vector<std::uint64_t> beyond = {range->second + 1};
      if (range->first > 0) beyond.push_back(range->first - 1);
      for (const std::uint64_t value : beyond) {
        if (command == "udp" && option == "--dst-port") continue; // a range of ports: other words
        std::vector<std::string> args = {command};
        args.insert(args.end(), base.begin(), base.end());
        args.push_back(option + "=" + std::to_string(value));
        const auto request = parse(args);
        ASSERT_FALSE(request) << args.back();
        for (const std::uint64_t end : {range->first, range->second})
          EXPECT_NE(request.error().what.find(std::to_string(end)), std::string::npos)
              << line << "\n"
              << request.error().what;
      }
    }
  }
  EXPECT_GE(ranges, 25U);
}

TEST(CliHelp, ShortNamesStandAloneAndArgumentsInTheUsage) {
  const std::string help = text({"tcp", "--help"});
  EXPECT_EQ(help.find("Usage: xdp-trafficgen tcp [OPTION]... HOST\n"), 0U) << help;
  EXPECT_NE(help.find("\n  -4      "), std::string::npos) << help;
  EXPECT_NE(help.find("\n  -p, --port PORT "), std::string::npos) << help;
}

TEST(CliHelp, NamesTheProgramAsItWasCalled) {
  const test::CalledXtg called;
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"udp", "--help"},
                                             {"completion", "bash"},
                                             {"completion", "zsh"},
                                             {"completion", "fish"}}) {
    const auto request = cli::parse(args);
    ASSERT_TRUE(request);
    const std::string& said = std::get<cli::TextRequest>(*request).text;
    EXPECT_EQ(said.find("xdp-trafficgen"), std::string::npos) << said;
    EXPECT_NE(said.find("xtg"), std::string::npos) << said;
  }
  EXPECT_EQ(std::get<cli::TextRequest>(*cli::parse({"--version"})).text, cli::version_text());
}

TEST(CliVersion, SaysWhatThisBuildIs) {
  const std::string full = cli::version_text({"1.2.3", "0123456789ab", "tc, xdp", "libbpf 1.1.2"});
  EXPECT_EQ(full.find("xdp-trafficgen 1.2.3, commit 0123456789ab\n"), 0U) << full;
  for (const char* part : {"Linux 5.18", "inside: tc, xdp\n", "with: libbpf 1.1.2\n",
                           "not the xdp-trafficgen of xdp-tools"})
    EXPECT_NE(full.find(part), std::string::npos) << part << "\n" << full;
  const std::string bare = cli::version_text({"1.2.3", "", "", ""});
  EXPECT_EQ(bare.find("xdp-trafficgen 1.2.3, commit unknown\n"), 0U) << bare;
  EXPECT_EQ(bare.find("inside"), std::string::npos) << bare;
}

TEST(CliVersion, EveryLevelHasIt) {
  const std::string version = cli::version_text();
  EXPECT_EQ(version.find(std::string("xdp-trafficgen ") + kVersion + ", commit "), 0U) << version;
  EXPECT_EQ(text({"--version"}), version);
  for (const auto& command : kCommands)
    EXPECT_EQ(text({command, "--version"}), version);
}

TEST(CliCompletion, EveryShellKnowsEveryOptionOfEveryCommand) {
  const std::string bash = text({"completion", "bash"});
  const std::string zsh = text({"completion", "zsh"});
  const std::string fish = text({"completion", "fish"});
  for (const auto& command : kCommands) {
    // bash: "      udp) words='-h --help ...'"; zsh: a block per command; fish: a line per option.
    const auto bash_at = bash.find(" " + command + ") words='");
    const auto zsh_at = zsh.find("    " + command + ")\n      _arguments");
    ASSERT_NE(bash_at, std::string::npos) << command;
    ASSERT_NE(zsh_at, std::string::npos) << command;
    const std::string bash_part = bash.substr(bash_at, bash.find('\n', bash_at) - bash_at);
    const std::string zsh_part = zsh.substr(zsh_at, zsh.find(";;", zsh_at) - zsh_at);
    std::string fish_part;
    for (const auto& line : lines(fish))
      if (line.find("__fish_seen_subcommand_from " + command + "'") != std::string::npos)
        fish_part += line + " \n";
    for (const auto& name : options_in_help(command)) {
      std::string words = bash_part; // each name between blanks or quotes
      for (char& c : words)
        if (c == '\'') c = ' ';
      EXPECT_NE(words.find(" " + name + " "), std::string::npos) << command << " " << name;
      EXPECT_TRUE(zsh_part.find(")" + name + "[") != std::string::npos ||
                  zsh_part.find(")" + name + "=[") != std::string::npos ||
                  zsh_part.find(")" + name + "+[") != std::string::npos)
          << command << " " << name;
      const std::string fish_name =
          name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      EXPECT_NE(fish_part.find(fish_name + " "), std::string::npos) << command << " " << name;
    }
  }
}

TEST(CliCompletion, OffersHostsWhereOneIsExpected) {
  EXPECT_NE(text({"completion", "bash"}).find("words=\"$(compgen -A hostname)\""),
            std::string::npos);
  EXPECT_NE(text({"completion", "zsh"}).find("'1:HOST:_hosts'"), std::string::npos);
  EXPECT_NE(text({"completion", "fish"})
                .find("'__fish_seen_subcommand_from tcp' -a '(__fish_print_hostnames)'"),
            std::string::npos);
}

TEST(CliCompletion, OffersTheWordsOfAChoice) {
  EXPECT_NE(text({"completion", "bash"}).find("'tcp --close') words='fin rst keep-open'"),
            std::string::npos);
  EXPECT_NE(text({"completion", "bash"}).find("'udp --payload') words='zeros pattern random text'"),
            std::string::npos);
  EXPECT_NE(text({"completion", "bash"}).find("'rx --mode') words='auto native generic tc'"),
            std::string::npos);
  EXPECT_NE(text({"completion", "zsh"}).find("(zeros pattern random text)"), std::string::npos);
  EXPECT_NE(text({"completion", "fish"}).find("-l payload -x -a 'zeros pattern random text'"),
            std::string::npos);
}

} // namespace
} // namespace xtg::cli
