// SPDX-License-Identifier: BSD-2-Clause
// Helpers to write rows of the table, and the tables of the commands. Internal to this folder.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/result.h"
#include "core/units.h"
#include "packet/address.h"
#include "packet/ranges.h"
#include "packet/size_law.h"
#include "plan/rx_plan.h"
#include "spec/option.h"
#include "spec/parsers.h"

namespace xtg::spec {

class Table;

CommandInfo udp_command();
CommandInfo tcp_command();
CommandInfo rx_command();
CommandInfo reflect_command();
CommandInfo tcp_sink_command();
CommandInfo search_command();
CommandInfo probe_command();
CommandInfo demo_command();
CommandInfo serve_command();
CommandInfo report_command();
CommandInfo completion_command();

/// What `udp` sends and how, and where it is received: of `search` as well.
void add_udp_rows(Table& table);

/// The rules between the options of one stream of a test. `searched`: a search sets the rates.
Status check_udp_stream(const plan::TestSpec& test, const plan::StreamSpec& stream,
                        const Asked& asked, bool searched);

class Table;
/// The options of a test whose other end is a server's, and the rules between them.
void server_rows(Table& table);
Status check_server(const Test& test, const Asked& asked);
/// BadUsage where frames would not leave for `receiver`, the options that name it: --via receive.
Status check_leaves(const plan::TestSpec& test, std::string_view receiver);
void tcp_server_rows(Table& table);
Status check_tcp_server(const Test& test, const Asked& asked);

/// InvalidArgument for options that exclude each other.
[[nodiscard]] tl::unexpected<Error> bad_usage(std::string what);

// Fields to text, in the notation of the option's parser.
using Texts = std::vector<std::string>;
template <std::unsigned_integral T>
Texts texts_of(T value) {
  return {std::to_string(value)};
}
inline Texts texts_of(const std::string& value) {
  return value.empty() ? Texts{} : Texts{value};
}
inline Texts texts_of(Nanoseconds value) {
  return {format_duration(value)};
}
inline Texts texts_of(const Rate& value) {
  return {format_rate(value)};
}
inline Texts texts_of(const plan::QueueLaw& queues) {
  if (queues.all) return {"auto"};
  if (queues.count != 0) return {std::to_string(queues.count)};
  if (queues.list.size() == 1) return {fmt::format("{0}-{0}", queues.list[0])}; // 3 would be three
  return queues.list.empty() ? Texts{} : Texts{fmt::format("{}", fmt::join(queues.list, ","))};
}
inline Texts texts_of(const std::vector<int>& cpus) {
  return cpus.empty() ? Texts{} : Texts{fmt::format("{}", fmt::join(cpus, ","))};
}
template <class T>
requires requires(const T& value) {
  value.to_string();
}
Texts texts_of(const T& value) {
  return {value.to_string()};
}
template <class T>
Texts texts_of(const std::optional<T>& value) {
  return value ? texts_of(*value) : Texts{};
}

template <class T>
inline constexpr bool kIsNumber =
    std::unsigned_integral<T> || std::is_same_v<T, packet::PortRange> ||
    std::is_same_v<T, packet::ByteRange> || std::is_same_v<T, packet::SizeLaw>;
template <class T>
inline constexpr bool kIsNumber<std::optional<T>> = kIsNumber<T>;

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

/// Names and help of an option. names: "-i,--interface,interface"; the last, without dashes, is the
/// plain argument.
struct OptionText {
  std::string names;
  std::string value;
  std::string help;
  std::optional<std::string> fallback{}; ///< none: the field's default
};

/// Writes rows; `get` always maps a Scope to the field.
class Table {
public:
  Table(Command command, std::string name, std::string summary) {
    info_.command = command;
    info_.name = std::move(name);
    info_.summary = std::move(summary);
  }
  CommandInfo& info() { return info_; }
  /// Heading in --help for the following rows.
  void group(std::string title) { group_ = std::move(title); }
  void place(Place place) { place_ = place; }
  /// Of the last row.
  Option& last() { return info_.options.back(); }
  void slot(std::string name, bool alone = true) {
    last().slot = std::move(name);
    last().alone = alone;
  }

  template <class Get, class Parse>
  Option& value(OptionText text, Get get, Parse parse) {
    using T = std::remove_cvref_t<decltype(get(std::declval<Scope&>()))>;
    Option& row = add(std::move(text), kIsNumber<T> ? Kind::Number : Kind::Text);
    row.read = [get, parse](Scope& scope, const std::string& typed) -> Status {
      auto parsed = parse(typed);
      if (!parsed) return tl::unexpected<Error>(std::move(parsed.error()));
      get(scope) = std::move(*parsed);
      return {};
    };
    row.write = [get](Scope& scope) { return texts_of(get(scope)); };
    return row;
  }

  /// One word of a set, which must outlive the table.
  template <class T, std::size_t N, class Get>
  Option& choice(std::string names, std::string help, Get get, const std::array<Choice<T>, N>& of) {
    std::string words;
    for (const auto& each : of)
      words += (words.empty() ? "" : "|") + std::string(each.name);
    Option& row = add({std::move(names), words, std::move(help), {}}, Kind::Text);
    row.read = [get, &of, words](Scope& scope, const std::string& typed) -> Status {
      for (const auto& each : of)
        if (each.name == typed) {
          get(scope) = each.value;
          return {};
        }
      return fail(Errc::InvalidArgument, "expected one of " + words);
    };
    row.write = [get, &of](Scope& scope) -> Texts {
      for (const auto& each : of)
        if (each.value == get(scope)) return {std::string(each.name)};
      return {};
    };
    return row;
  }

  /// `given`: the field's value when the flag is given.
  template <class Get>
  Option& flag(std::string names, std::string help, Get get, bool given = true) {
    Option& row = add({std::move(names), "", std::move(help), ""}, Kind::Flag);
    row.read = [get, given](Scope& scope, const std::string& typed) -> Status {
      get(scope) = (typed == kTrue) == given;
      return {};
    };
    row.write = [get, given](Scope& scope) -> Texts {
      return {std::string(get(scope) == given ? kTrue : kFalse)};
    };
    return row;
  }

  /// A number of things; 0 means no limit and sets none.
  template <class Get>
  Option& amount(OptionText text, Get get, std::string_view what) {
    text.fallback = "0, no limit";
    Option& row = value(std::move(text), get, amount_of(what));
    row.write = [get](Scope& scope) { return texts_of(get(scope).value_or(0)); };
    return row;
  }

  /// An address that may have a zone, stored once for the whole test.
  template <class Get, class Zone, class Parse>
  Option& zoned(OptionText text, Get get, Zone zone, Parse parse) {
    Option& row = add(std::move(text), Kind::Text);
    row.read = [get, zone, parse](Scope& scope, const std::string& typed) -> Status {
      auto address = take_zone(typed, zone(scope));
      if (!address) return tl::unexpected<Error>(std::move(address.error()));
      auto parsed = parse(*address);
      if (!parsed) return tl::unexpected<Error>(std::move(parsed.error()));
      get(scope) = std::move(*parsed);
      return {};
    };
    row.write = [get, zone](Scope& scope) {
      Texts texts = texts_of(get(scope));
      for (std::string& each : texts)
        each = with_zone(each, zone(scope));
      return texts;
    };
    return row;
  }

  Option& add(OptionText text, Kind kind);
  /// The finished table, with defaults filled in.
  CommandInfo done();

private:
  CommandInfo info_;
  std::string group_ = "Options";
  Place place_ = Place::Run;
};

// Rows shared by several commands.
template <class Get>
void interface_row(Table& table, std::string names, std::string help, Get get,
                   std::string fallback = {}) {
  table.value({std::move(names), "INTERFACE", std::move(help), std::move(fallback)}, get,
              parse_interface);
}

template <class Threads, class Cpus>
void thread_rows(Table& table, std::string names, Threads threads, Cpus cpus) {
  table
      .value({std::move(names), "N",
              fmt::format("sending threads, each pinned to a CPU, 1 to {}", plan::kMaxThreads)},
             threads, whole_number<std::uint32_t>(1, plan::kMaxThreads))
      .write = [threads, cpus](Scope& s) { // one thread per CPU
    return cpus(s).empty() ? texts_of(threads(s)) : Texts{};
  };
  table.slot("threads", false);
  table.value(
      {"--cpus", "LIST", "CPUs to send from, one thread each, as 0,2-5", "the first allowed"}, cpus,
      parse_cpus);
  table.slot("threads", false);
}
/// One thread per CPU: sets the thread count and rejects counts that differ.
Status settle_threads(const Asked& asked, std::uint32_t& threads, const std::vector<int>& cpus);

extern const std::array<Choice<Layer>, 3> kLayers;
extern const std::array<Choice<plan::RxMode>, 4> kModes;
extern const std::array<Choice<plan::TxPath>, 4> kTxPaths;

/// --rate and --rate-layer of a plan::RateLaw.
template <class Get>
void rate_rows(Table& table, Get get) {
  table.value(
      {"--rate", "RATE", "total rate: max, packets (1.5Mpps) or bits per second (10Gbps)"},
      [get](Scope& s) -> Rate& { return get(s).rate; }, parse_rate);
  table.choice(
      "--rate-layer", "what a rate in bits counts: wire, frame with FCS, or IP packet",
      [get](Scope& s) -> Layer& { return get(s).layer; }, kLayers);
}
template <class Get>
void burst_row(Table& table, Get get) {
  table.value(
      {"--burst", "N",
       fmt::format("frames back to back before each gap, 1 to {}; needs --rate", plan::kMaxBurst)},
      [get](Scope& s) -> std::uint32_t& { return get(s).burst; },
      whole_number<std::uint32_t>(1, plan::kMaxBurst));
}
Status check_rate(const Asked& asked, const plan::RateLaw& rate);
Status check_rate_and_burst(const Asked& asked, const plan::RateLaw& rate);

template <class Get>
void window_row(Table& table, Get get) {
  table.value({"--window", "N", window_help()}, get, parse_window);
}
template <class Get>
void mode_row(Table& table, Get get) {
  table.choice("-m,--mode", "attach in the driver, after it, or at tc ingress; auto: the first",
               get, kModes);
}
template <class Get>
void duration_row(Table& table, Get get) {
  table.value({"--duration", "TIME", "stop after this: seconds, or 500ms, 2m, 1h", "no limit"}, get,
              parse_positive_duration);
}
template <class Get>
void run_id_row(Table& table, std::string help, std::string fallback, Get get) {
  Option& row =
      table.value({"--session", "HEX", std::move(help), std::move(fallback)}, get, parse_run_id);
  row.kind = Kind::Text;
  row.write = [get](Scope& s) { return get(s) ? Texts{fmt::format("{:08x}", *get(s))} : Texts{}; };
}
/// --key: the test stores the secret, profiles the file's name.
template <class Get>
void key_row(Table& table, Get get) {
  Option& row = table.add(
      {"--key", "FILE", "secret key for announcements: a file of 16 bytes or 32 hex digits", ""},
      Kind::Text);
  row.read = [get](Scope& s, const std::string& path) -> Status {
    auto key = read_key(path);
    if (!key) return tl::unexpected<Error>(std::move(key.error()));
    get(s) = *key;
    s.test().key_file = path;
    return {};
  };
  row.write = [](Scope& s) { return texts_of(s.test().key_file); };
}
template <class Get>
void expect_row(Table& table, std::string help, Get get) {
  Option& row = table.add({"--expect", "CONDITIONS", std::move(help), ""}, Kind::Text);
  row.read = [get](Scope& s, const std::string& text) -> Status {
    auto conditions = plan::parse_expect(text);
    if (!conditions) return tl::unexpected<Error>(std::move(conditions.error()));
    get(s) = std::move(*conditions);
    return {};
  };
  row.write = [get](Scope& s) -> Texts {
    std::string all;
    for (const plan::Condition& condition : get(s))
      all += (all.empty() ? "" : ",") + condition.text;
    return texts_of(all);
  };
}
/// --tos and --dscp, of the same byte.
template <class Get, class Parse>
void tos_rows(Table& table, std::string help, Get get, Parse parse) {
  table.value({"--tos", "BYTE", std::move(help)}, get, parse);
  table.slot("tos");
  table.value({"--dscp", "NAME",
               "DSCP, the upper six bits of --tos: EF, AF11, CS0 and so on, or 0 to 63", ""},
              get, parse_dscp);
  table.last().write = [](Scope&) { return Texts{}; }; // written by --tos
  table.slot("tos");
}
/// --allow-default-route, --allow-public, --fix, with a heading of their own.
template <class Get>
void safety_rows(Table& table, Get get) {
  table.group("Safety");
  table.flag("--allow-default-route", "send on the interface that has the default route",
             [get](Scope& s) -> bool& { return get(s).allow_default_route; });
  table.flag("--allow-public", "send to public addresses",
             [get](Scope& s) -> bool& { return get(s).allow_public; });
  table.flag("--fix", "repair what keeps frames from leaving, for the run",
             [get](Scope& s) -> bool& { return get(s).fix; });
}
template <class Get>
void interval_row(Table& table, Get get) {
  table.value({"-I,--interval", "TIME", interval_help()}, get, parse_interval);
}
/// --prometheus: of one run, too, so profiles do not have it.
template <class Get>
void prometheus_row(Table& table, Get get) {
  Option& row = table.add({"--prometheus", "[ADDRESS:]PORT",
                           "serve metrics of the run to Prometheus, on loopback by default", ""},
                          Kind::Text);
  row.in_json = false;
  row.read = [get](Scope& s, const std::string& text) -> Status {
    auto at = parse_metrics_address(text);
    if (!at) return tl::unexpected<Error>(std::move(at.error()));
    get(s) = *at;
    return {};
  };
}
/// --json, --json-stream, --report, --prometheus of a plan::OutputSpec.
template <class Get>
void json_rows(Table& table, Get get) {
  table.flag("--json", "print one JSON document at the end",
             [get](Scope& s) -> bool& { return get(s).json; });
  table.slot("json");
  table.flag("--json-stream", "print a line of JSON per event",
             [get](Scope& s) -> bool& { return get(s).json_stream; });
  table.slot("json");
  // A report is of one run: a profile that is used again must not overwrite it.
  table
      .value(
          {"--report", "FILE",
           "write an HTML report of the run as well; - for the standard output"},
          [get](Scope& s) -> std::string& { return get(s).report_path; }, parse_output_file)
      .in_json = false;
  prometheus_row(
      table, [get](Scope & s) -> auto& { return get(s).prometheus; });
}
/// --quiet, --verbose.
template <class Get>
void talk_rows(Table& table, Get get) {
  table.flag("--quiet", "print no text but errors",
             [get](Scope& s) -> bool& { return get(s).quiet; });
  table.flag("-v,--verbose", "print each step on stderr",
             [get](Scope& s) -> bool& { return get(s).verbose; });
}

} // namespace xtg::spec
