// SPDX-License-Identifier: BSD-2-Clause
// The table of options: names on the command line and in profiles, values, help, and the
// conversions between text and field of a Test. The command line, --help, completion, profiles,
// their JSON Schema and the man page's option heads are all derived from it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/result.h"
#include "spec/test.h"

namespace xtg::spec {

/// Where readers and writers of options find their fields.
class Scope {
public:
  /// For `udp` and `search`: a stream of one of its ports.
  explicit Scope(Test& test, std::size_t port = 0, std::size_t stream = 0)
      : test_(test), port_(port), stream_(stream) {}

  [[nodiscard]] Test& test() const { return test_; }
  template <class Spec>
  [[nodiscard]] Spec& get() const {
    if constexpr (std::is_same_v<Spec, plan::TestSpec>)
      return *udp_of(test_);
    else
      return std::get<Spec>(test_.of);
  }
  [[nodiscard]] plan::PortSpec& port() const { return get<plan::TestSpec>().ports[port_]; }
  [[nodiscard]] plan::StreamSpec& stream() const { return port().streams[stream_]; }

private:
  Test& test_;
  std::size_t port_;
  std::size_t stream_;
};

/// The level that an option belongs to.
enum class Place : std::uint8_t { Run, Port, Stream }; ///< a port may have options of streams, too

/// JSON type of a value; a string in command-line syntax is accepted for all except flags.
enum class Kind : std::uint8_t { Text, Number, Flag };

/// `false` is the state of a flag that is not given.
inline constexpr std::string_view kTrue = "true", kFalse = "false";

/// The group of options that say how the other end's server is used.
inline constexpr std::string_view kTwoHosts = "Two hosts";

struct Option {
  std::string name;                 ///< long, without dashes; may be empty
  char letter = 0;                  ///< short; 0: none
  std::vector<std::string> aliases; ///< further long names
  bool argument = false;            ///< may be given as the plain argument
  bool on_argv = true;              ///< else only in profiles
  bool in_json = true;              ///< else only on the command line
  std::string key;                  ///< in a profile
  std::string value;                ///< "BYTES", or a choice: "l1|l2|l3"; empty for a flag
  std::string help;
  std::string fallback; ///< the default in words; empty if not worth showing
  std::string group;
  Kind kind = Kind::Text;
  Place place = Place::Run;
  bool of_port = true; ///< for options of streams: a port may have its own
  bool many = false;   ///< may be given several times
  /// Options of one slot set the same field in different ways: on the command line, each overrides
  /// all of them in a profile.
  std::string slot;
  bool alone = false; ///< two of the slot exclude each other
  /// For a list: empties it, so that values for a stream or a port replace the values for all.
  std::function<void(Scope&)> clear;
  /// Text to field. Errors say only what is accepted.
  std::function<Status(Scope&, const std::string&)> read;
  /// Field to text; for a list, one text for each entry; empty if not set.
  std::function<std::vector<std::string>(Scope&)> write;

  [[nodiscard]] bool is_flag() const { return kind == Kind::Flag; }
  /// Whether it also has a name with dashes.
  [[nodiscard]] bool has_dashes() const { return letter != 0 || (!name.empty() && !plain); }
  bool plain = false; ///< the argument only
  /// The name in messages: "--pkt-size", "-4", "host".
  [[nodiscard]] std::string shown() const;
  /// Names with dashes, short ones first.
  [[nodiscard]] std::vector<std::string> spellings() const;
  /// The words of a choice; otherwise nothing.
  [[nodiscard]] std::vector<std::string> choices() const;
};

/// The options that were given, by their names in messages ("--rate", "-4").
class Asked {
public:
  void add(const Option& option) { names_.insert(option.shown()); }
  [[nodiscard]] bool has(std::string_view name) const { return names_.contains(name); }

private:
  std::set<std::string, std::less<>> names_;
};

struct CommandInfo {
  Command command = Command::Udp;
  std::string name;
  std::string summary;
  std::string rest{}; ///< what may follow the options, for the usage line
  bool profile = false;
  bool streams = false; ///< a profile may have several streams
  std::vector<Option> options{};
  /// The rules between options, checked when all have been read.
  std::function<Status(const Test&, const Asked&)> check{};

  [[nodiscard]] const Option* by_key(std::string_view key) const;
  /// With dashes, as on the command line.
  [[nodiscard]] const Option* by_word(std::string_view word) const;
};

std::span<const CommandInfo> commands();
const CommandInfo* find_command(std::string_view name);
const CommandInfo& info_of(const Test& test);

} // namespace xtg::spec
