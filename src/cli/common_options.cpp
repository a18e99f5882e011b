// SPDX-License-Identifier: BSD-2-Clause
#include "cli/common_options.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/text.h"
#include "packet/frame.h"
#include "plan/rx_plan.h"

namespace xtg::cli {
namespace {

constexpr Nanoseconds kMinInterval = std::chrono::milliseconds(100);

constexpr std::array kLayers = {Choice<Layer>{"l1", Layer::L1}, Choice<Layer>{"l2", Layer::L2},
                                Choice<Layer>{"l3", Layer::L3}};

constexpr std::array kModes = {Choice<plan::RxMode>{"auto", plan::RxMode::Auto},
                               Choice<plan::RxMode>{"native", plan::RxMode::Native},
                               Choice<plan::RxMode>{"generic", plan::RxMode::Generic}};
constexpr std::size_t kSessionDigits = 8;

Result<std::vector<int>> parse_cpus(std::string_view text) {
  auto cpus = parse_cpu_list(text);
  if (cpus && cpus->size() > plan::kMaxThreads)
    return fail(Errc::InvalidArgument,
                fmt::format("names {} CPUs; at most {} are accepted, one for each thread",
                            cpus->size(), plan::kMaxThreads));
  return cpus;
}

Result<Nanoseconds> parse_interval(std::string_view text) {
  const auto value = parse_duration(text);
  if (!value || *value < kMinInterval)
    return fail(Errc::InvalidArgument,
                fmt::format("expected a duration of at least {}, such as 1, 500ms or 1m",
                            format_duration(kMinInterval)));
  return *value;
}

Result<std::uint32_t> parse_window(std::string_view text) {
  const auto value = parse_count(text);
  if (!value || !std::has_single_bit(*value) || *value < plan::kRxWindowLeast ||
      *value > plan::kRxWindowMost)
    return fail(Errc::InvalidArgument,
                fmt::format("expected a power of two from {} to {}, such as 65536",
                            plan::kRxWindowLeast, plan::kRxWindowMost));
  return static_cast<std::uint32_t>(*value);
}

} // namespace

Result<std::string> parse_interface(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != ':';
  });
  if (text.empty() || text.size() > plan::kMaxInterfaceName || !printable || text == "." ||
      text == ".." || text.starts_with('-'))
    return fail(Errc::InvalidArgument,
                fmt::format("expected the name of a network interface: 1 to {} characters without "
                            "white space, \"/\" or \":\", the first no \"-\"",
                            plan::kMaxInterfaceName));
  return std::string(text);
}

Result<std::string> take_zone(std::string_view text, std::string& zone) {
  const std::size_t percent = text.find_last_of('%');
  if (percent == std::string_view::npos) return std::string(text);
  const std::string_view behind = text.substr(percent);
  const std::string mark(behind.substr(0, behind.find('/'))); // "%eth0"
  std::string address(text);
  for (std::size_t at; (at = address.find(mark)) != std::string::npos;) // of a range, both ends
    address.erase(at, mark.size());
  auto name = parse_interface(mark.substr(1));
  const auto first =
      packet::Ip::parse(std::string_view(address).substr(0, address.find_first_of("-/")));
  if (!name || !first || first->is_v4() || !(first->is_link_local() || first->is_multicast()))
    return fail(Errc::InvalidArgument,
                "a zone is the interface of an IPv6 link-local or multicast address, such as "
                "fe80::1%eth0");
  if (!zone.empty() && zone != *name)
    return fail(Errc::InvalidArgument,
                fmt::format("%{}: another address of this run is on %{}; a run has one interface",
                            *name, zone));
  zone = std::move(*name);
  return address;
}

Result<std::string> take_zones(std::string_view text, std::string& zone) {
  std::string out;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    auto taken = take_zone(word, zone);
    if (!taken) return taken;
    out += *taken;
    text.remove_prefix(word.size());
    if (text.empty()) break;
    out += ' ';
    text.remove_prefix(1);
  }
  return out;
}

Result<std::uint32_t> parse_frame_size(std::string_view text) {
  const auto smallest = packet::min_frame_size(packet::Family::V4);
  const auto value = whole_number<std::uint32_t>(smallest, packet::max_frame_size())(text);
  if (value) return value;
  return fail(
      Errc::InvalidArgument,
      fmt::format("expected {} (the smallest Ethernet frame; IPv6: {}) to {} bytes with FCS "
                  "(what one page leaves for a frame when the kernel sends it)",
                  smallest, packet::min_frame_size(packet::Family::V6), packet::max_frame_size()));
}

Result<std::uint8_t> parse_tos(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const auto digits = is_hex ? text.substr(2) : text;
  const auto value = parse_unsigned<std::uint8_t>(digits, is_hex ? 16 : 10);
  if (!value)
    return fail(Errc::InvalidArgument, "expected a number from 0 to 255 or from 0x0 to 0xff");
  return *value;
}

Result<std::uint32_t> parse_session(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  const auto value = parse_unsigned<std::uint32_t>(digits, 16);
  // All digits, so that a number that lost one in copying is not taken for another session.
  if (!value || digits.size() != kSessionDigits)
    return fail(Errc::InvalidArgument,
                "expected the 8 hexadecimal digits of a session, such as 1a2b3c4d or 0x1a2b3c4d");
  return *value;
}

Result<std::string> parse_path(std::string_view text) {
  if (text.empty()) return fail(Errc::InvalidArgument, "expected the name of a file");
  if (text.size() > 1 && text.front() == '-')
    return fail(
        Errc::InvalidArgument,
        fmt::format("an option, not the name of a file; such a name is given as ./{}", text));
  return std::string(text);
}

void add_key(OptionSet& options, std::optional<SipKey>& key) {
  options.value(
      {"--key", "FILE", "secret key for announcements: a file of 16 bytes or 32 hex digits"},
      into([](std::string_view path) { return read_key(std::string(path)); }, key));
}

void add_threads(OptionSet& options, const std::string& names, std::uint32_t& threads,
                 std::vector<int>& cpus) {
  options.value({names, "N",
                 fmt::format("sending threads, each pinned to a CPU, 1 to {}", plan::kMaxThreads),
                 std::to_string(threads)},
                into(whole_number<std::uint32_t>(1, plan::kMaxThreads), threads));
  options.value(
      {"--cpus", "LIST", "CPUs to send from, one thread each, as 0,2-5", "the first allowed"},
      into(parse_cpus, cpus));
}

Status settle_threads(const OptionSet& options, std::uint32_t& threads,
                      const std::vector<int>& cpus) {
  if (!options.given("--cpus")) return {};
  if (options.given("--threads") && threads != cpus.size())
    return bad_usage(fmt::format("--threads {} and --cpus with {} CPUs: the counts differ; give "
                                 "one of the two, or equal counts",
                                 threads, cpus.size()));
  threads = static_cast<std::uint32_t>(cpus.size());
  return {};
}

void add_rate(OptionSet& options, plan::RateLaw& rate) {
  options.value({"--rate", "RATE", "in all: max, packets (1.5Mpps) or bits per second (10Gbps)",
                 format_rate(rate.rate)},
                into(parse_rate, rate.rate));
  options.value({"--rate-layer", choice_names<Layer>(kLayers),
                 "what a rate in bits counts: wire, frame with FCS, or IP packet",
                 std::string(to_string(rate.layer))},
                into(one_of<Layer>(kLayers), rate.layer));
}

void add_rate_burst(OptionSet& options, plan::RateLaw& rate) {
  options.value(
      {"--burst", "N",
       fmt::format("frames back to back before each gap, 1 to {}; needs --rate", plan::kMaxBurst),
       std::to_string(rate.burst)},
      into(whole_number<std::uint32_t>(1, plan::kMaxBurst), rate.burst));
}

Status check_rate(const OptionSet& options, const plan::RateLaw& rate) {
  if (options.given("--rate-layer") && rate.rate.unit != Rate::Unit::Bps)
    return bad_usage(fmt::format("--rate-layer {} goes with a --rate in bits per second, such as "
                                 "10Gbps, not with \"{}\"",
                                 to_string(rate.layer), format_rate(rate.rate)));
  return {};
}

Status check_rate_and_burst(const OptionSet& options, const plan::RateLaw& rate) {
  if (auto ok = check_rate(options, rate); !ok) return ok;
  if (options.given("--burst") && rate.rate.unit == Rate::Unit::Max)
    return bad_usage(fmt::format("--burst {} goes with a --rate in pps or bps, such as 100kpps: "
                                 "without one there is no gap",
                                 rate.burst));
  return {};
}

void add_window(OptionSet& options, std::uint32_t& window) {
  options.value({"--window", "N",
                 fmt::format("numbers kept per stream, a power of two, {} to {}",
                             plan::kRxWindowLeast, plan::kRxWindowMost),
                 std::to_string(window)},
                into(parse_window, window));
}

void add_mode(OptionSet& options, plan::RxMode& mode) {
  options.value({"-m,--mode", choice_names<plan::RxMode>(kModes),
                 "in the driver, or behind it where it has no XDP; auto: as it can",
                 choice_name<plan::RxMode>(kModes, mode)},
                into(one_of<plan::RxMode>(kModes), mode));
}

void add_interval(OptionSet& options, Nanoseconds& interval) {
  options.value({"-I,--interval", "TIME",
                 fmt::format("between two output lines: seconds, or 500ms, 1m; at least {}",
                             format_duration(kMinInterval)),
                 format_duration(interval)},
                into(parse_interval, interval));
}

Result<Nanoseconds> parse_positive_duration(std::string_view text) {
  const auto value = parse_duration(text);
  if (!value || *value <= Nanoseconds::zero())
    return fail(Errc::InvalidArgument,
                "expected a duration above zero: seconds, or such as 500ms, 10s, 2m, 1h");
  return *value;
}

void add_json(OptionSet& options, plan::OutputSpec& output) {
  options.flag({"--json", "", "print one JSON document at the end"},
               [&output] { output.json = true; });
  options.flag({"--json-stream", "", "print a line of JSON per event"},
               [&output] { output.json_stream = true; });
}

Status check_json(const plan::OutputSpec& output) {
  if (output.json && output.json_stream)
    return bad_usage("--json and --json-stream exclude each other: one of the two is accepted");
  return {};
}

void add_talk(OptionSet& options, plan::OutputSpec& output) {
  options.flag({"--quiet", "", "print no text but errors"}, [&output] { output.quiet = true; });
  options.flag({"-v,--verbose", "", "print each step on stderr"},
               [&output] { output.verbose = true; });
}

} // namespace xtg::cli
