// SPDX-License-Identifier: BSD-2-Clause
#include "spec/profile.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "core/unique_fd.h"
#include "spec/strict_json.h"
#include "spec/suggest.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

constexpr std::size_t kMaxProfile = std::size_t{1} << 20;

/// Reads one profile; errors begin with `label` and the path of keys.
class Reader {
public:
  Reader(const CommandInfo& command, std::string label)
      : command_(command), label_(std::move(label)) {}

  Result<Draft> draft(const Json& profile);

private:
  /// Options that an object may have.
  enum class In : std::uint8_t { Top, Stream, Port };

  [[nodiscard]] tl::unexpected<Error> bad(const std::string& path, std::string_view what) const {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: {}{}{}", label_, path, path.empty() ? "" : ": ", what));
  }
  [[nodiscard]] bool fits(const Option& option, In in) const;
  [[nodiscard]] tl::unexpected<Error> unknown(const std::string& path, const std::string& key,
                                              In in) const;
  /// One value of an option as command-line text.
  [[nodiscard]] Result<std::string> text(const Option& option, const std::string& path,
                                         const Json& value) const;
  [[nodiscard]] Result<Given> given(const Option& option, const std::string& path,
                                    const Json& value) const;
  Status options(const Json& object, const std::string& path, In in, std::vector<Given>& out);
  Status streams(const Json& value, Draft& out);
  Status ports(const Json& value, Draft& out);
  Status top(const Json& profile, Draft& out);

  const CommandInfo& command_;
  std::string label_;
};

bool Reader::fits(const Option& option, In in) const {
  if (in == In::Top) return true;
  if (option.place == Place::Run) return false;
  return in == In::Stream ? option.place == Place::Stream : option.of_port;
}

tl::unexpected<Error> Reader::unknown(const std::string& path, const std::string& key,
                                      In in) const {
  if (const Option* known = command_.by_key(key); known != nullptr || key == "streams")
    return bad(path, fmt::format("{} is not an option of a single {}: it belongs to the top "
                                 "level",
                                 xtg::quoted(key), in == In::Stream ? "stream" : "port"));
  std::vector<std::string> known;
  for (const Option& option : command_.options)
    if (option.in_json && fits(option, in)) known.push_back(option.key);
  if (in == In::Top) known.emplace_back("command");
  if (in == In::Top && command_.streams) known.emplace_back("streams");
  return bad(path, fmt::format("unknown key {}{}", xtg::quoted(key), suggestion(key, known)));
}

Result<std::string> Reader::text(const Option& option, const std::string& path,
                                 const Json& value) const {
  if (option.is_flag()) {
    if (value.is_boolean()) return std::string(value.get<bool>() ? kTrue : kFalse);
    return bad(path, "expected true or false");
  }
  if (value.is_string()) return value.get<std::string>();
  if (option.kind == Kind::Number && value.is_number()) return value.dump();
  return bad(path, fmt::format("expected a string{} as on the command line: {} ({})",
                               option.kind == Kind::Number ? " or a number" : "", option.value,
                               option.help));
}

Result<Given> Reader::given(const Option& option, const std::string& path,
                            const Json& value) const {
  Given out{&option, {}, label_ + ": " + path};
  if (!option.many || !value.is_array()) {
    auto one = text(option, path, value);
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    out.texts.push_back(std::move(*one));
    return out;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto one = text(option, fmt::format("{}[{}]", path, i), value[i]);
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    out.texts.push_back(std::move(*one));
  }
  return out;
}

Status Reader::options(const Json& object, const std::string& path, In in,
                       std::vector<Given>& out) {
  for (const auto& [key, value] : object.items()) {
    if (in == In::Top && (key == "command" || key == "$schema")) continue;
    if (in == In::Port && key == "interface") continue;
    const Option* option = command_.by_key(key);
    if (option == nullptr || !fits(*option, in)) return unknown(path, key, in);
    auto one = given(*option, path.empty() ? key : path + "." + key, value);
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    out.push_back(std::move(*one));
  }
  return {};
}

Status Reader::streams(const Json& value, Draft& out) {
  if (!value.is_array() || value.empty() || value.size() > kMaxStreams)
    return bad("streams", fmt::format("expected a list of 1 to {} streams", kMaxStreams));
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string path = fmt::format("streams[{}]", i);
    if (!value[i].is_object()) return bad(path, "expected an object of options");
    out.streams.emplace_back();
    if (auto ok = options(value[i], path, In::Stream, out.streams.back()); !ok) return ok;
  }
  return {};
}

Status Reader::ports(const Json& value, Draft& out) {
  if (!value.is_array()) return bad("ports", "expected a list");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string path = fmt::format("ports[{}]", i);
    if (value[i].is_string()) { // as on the command line
      auto port = port_draft(command_, value[i].get<std::string>(), label_ + ": " + path);
      if (!port) return tl::unexpected<Error>(std::move(port.error()));
      out.ports.push_back(std::move(*port));
      continue;
    }
    const auto interface = value[i].is_object() ? value[i].find("interface") : value[i].end();
    if (interface == value[i].end() || !interface->is_string())
      return bad(path, "expected an object with \"interface\" and options, or a string such as "
                       "\"eth1,rate=1Mpps\"");
    PortDraft port{interface->get<std::string>(), {}, label_ + ": " + path};
    if (auto ok = options(value[i], path, In::Port, port.own); !ok) return ok;
    out.ports.push_back(std::move(port));
  }
  return {};
}

Status Reader::top(const Json& profile, Draft& out) {
  Json plain = profile;
  if (command_.streams) {
    if (const auto found = profile.find("streams"); found != profile.end())
      if (auto ok = streams(*found, out); !ok) return ok;
    if (const auto found = profile.find("ports");
        found != profile.end() && command_.by_key("ports") != nullptr)
      if (auto ok = ports(*found, out); !ok) return ok;
    plain.erase("streams");
    if (command_.by_key("ports") != nullptr) plain.erase("ports");
  }
  return options(plain, "", In::Top, out.options);
}

Result<Draft> Reader::draft(const Json& profile) {
  Draft out{&command_, label_, {}};
  if (auto ok = top(profile, out); !ok) return tl::unexpected<Error>(ok.error());
  return out;
}

/// The profile in a saved result or in the plan of a dry run, or the value itself.
const Json& profile_in(const Json& document) {
  const Json* at = &document;
  for (const char* key : {"start", "configuration", "plan", "test"})
    if (const auto found = at->find(key); found != at->end() && found->is_object()) at = &*found;
  return *at;
}

/// The command that a profile names; `typed` is the command line's.
Result<const CommandInfo*> command_of(const Json& profile, const std::string& label,
                                      const CommandInfo* typed,
                                      std::span<const std::string_view> offered) {
  const auto reject = [&label](const std::string& what) {
    return fail(Errc::InvalidArgument, label + ": " + what);
  };
  std::vector<std::string> names;
  for (const CommandInfo& each : commands())
    if (each.profile && (offered.empty() || std::ranges::count(offered, each.name) != 0))
      names.push_back(each.name);
  const auto found = profile.find("command");
  if (found == profile.end()) {
    if (typed != nullptr) return typed;
    return reject(fmt::format("names no \"command\": expected one of {}", fmt::join(names, ", ")));
  }
  const std::string name = found->is_string() ? found->get<std::string>() : found->dump();
  const CommandInfo* named = find_command(name);
  if (named == nullptr || !named->profile)
    return reject(fmt::format("command {}{}: expected one of {}", xtg::quoted(name),
                              suggestion(name, names), fmt::join(names, ", ")));
  if (typed != nullptr && typed != named)
    return reject(fmt::format("is a profile of {}, not of {}", named->name, typed->name));
  return named;
}

Json value_of(const Option& option, const std::vector<std::string>& texts) {
  if (option.is_flag()) return texts.front() == kTrue;
  if (option.many) return texts;
  if (option.kind == Kind::Number)
    if (const auto number = parse_unsigned<std::uint64_t>(texts.front())) return *number;
  return texts.front();
}

Texts text_of(const Option& option, Scope scope) {
  return option.write(scope);
}

/// By sending port and its streams; commands that send no streams have one of each.
using Written = std::vector<std::vector<Texts>>;

Written written(const Option& option, Test& test) {
  const auto* udp = udp_of(test);
  if (udp == nullptr) return {{text_of(option, Scope(test))}};
  Written out;
  for (std::size_t port = 0; port < udp->ports.size(); ++port) {
    if (!udp->ports[port].sends()) continue;
    out.emplace_back();
    for (std::size_t stream = 0; stream < udp->ports[port].streams.size(); ++stream)
      out.back().push_back(text_of(option, Scope(test, port, stream)));
  }
  return out;
}

/// Profile keys for all ports: options that are the same in all of them, or that differ between
/// streams and are not set by any port.
std::vector<Texts> common(const Written& ports, const Texts& fallback) {
  const auto differs = std::ranges::find_if(ports, [](const std::vector<Texts>& streams) {
    return std::ranges::count(streams, streams.front()) != std::ssize(streams);
  });
  if (differs != ports.end()) return *differs;
  if (std::ranges::count(ports, ports.front()) == std::ssize(ports)) return ports.front();
  return {ports.front().size(), fallback};
}

void write_option(const Option& option, const Texts& texts, Json& out) {
  if (!texts.empty()) out[option.key] = value_of(option, texts);
}

/// A file name need not be UTF-8, but JSON must be.
std::string one_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

Result<std::string> read_profile(const std::string& path) {
  const auto failed = [&](int error) {
    return fail(Errc::InvalidArgument,
                fmt::format("--profile {}: {}", path, std::generic_category().message(error)));
  };
  UniqueFd file;
  if (path != "-") {
    file = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return failed(errno);
  }
  std::string text(kMaxProfile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got =
        ::read(path == "-" ? STDIN_FILENO : file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxProfile)
    return fail(Errc::InvalidArgument,
                fmt::format("--profile {}: larger than 1 MiB; the profile in a result is "
                            "start.configuration.test",
                            path));
  text.resize(size);
  return text;
}

Result<Draft> profile_draft(std::string_view text, const std::string& label,
                            const CommandInfo* command, std::span<const std::string_view> offered) {
  const auto document = parse_strictly(text);
  if (!document)
    return fail(Errc::InvalidArgument, fmt::format("{}: {}", label, document.error().what));
  if (!document->is_object())
    return fail(Errc::InvalidArgument, label + ": expected a JSON object of options");
  const Json& profile = profile_in(*document);
  const auto named = command_of(profile, label, command, offered);
  if (!named) return tl::unexpected<Error>(named.error());
  return Reader(**named, label).draft(profile);
}

std::string to_profile(Test test) {
  const CommandInfo& command = info_of(test);
  Test plain = default_test(command.command);
  Json top = {{"command", command.name}};
  std::vector<Json> streams, ports;
  for (const Option& option : command.options) {
    if (!option.write || !option.in_json) continue;
    const Texts fallback = text_of(option, Scope(plain));
    const Written all = written(option, test);
    const std::vector<Texts> base = common(all, fallback);
    streams.resize(base.size(), Json::object());
    ports.resize(all.size(), Json::object());
    const bool of_each = option.place == Place::Stream && base.size() > 1;
    for (std::size_t i = 0; i < (of_each ? base.size() : 1); ++i)
      if (base[i] != fallback) write_option(option, base[i], of_each ? streams[i] : top);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i] != base) write_option(option, all[i].front(), ports[i]);
  }
  if (streams.size() > 1) top["streams"] = streams;
  if (ports.size() > 1) top["ports"] = ports;
  return one_line(top);
}

} // namespace xtg::spec
