// SPDX-License-Identifier: BSD-2-Clause
#include "spec/draft.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

bool may_be_a_ports(const Option& option) {
  return option.place != Place::Run && option.of_port;
}

/// "dst-addr=10.0.0.1" as an option.
Result<Given> port_option(const CommandInfo& command, const std::string& part) {
  if (part.empty()) return fail(Errc::InvalidArgument, "one of its commas has nothing after it");
  const auto equals = part.find('=');
  const std::string name = "--" + part.substr(0, equals);
  const Option* option = command.by_word(name);
  if (option == nullptr || option->shown() != name || !may_be_a_ports(*option)) {
    std::vector<std::string> names;
    for (const Option& each : command.options)
      if (may_be_a_ports(each) && each.on_argv) names.push_back(each.shown());
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not an option of a single port: expected one of {}",
                            xtg::quoted(name.substr(2)), fmt::join(names, ", ")));
  }
  if (option->is_flag() && equals != std::string::npos)
    return fail(Errc::InvalidArgument, name + ": no value is accepted");
  if (!option->is_flag() && equals == std::string::npos)
    return fail(Errc::InvalidArgument, fmt::format("{}: the value is missing; expected {} ({})",
                                                   name, option->value, option->help));
  return Given{option, {option->is_flag() ? std::string(kTrue) : part.substr(equals + 1)}, name};
}

/// An option that is given and not reset ("fix": false).
bool counts(const Given& given) {
  return !given.option->is_flag() || given.texts.front() == kTrue;
}

Asked asked_of(const std::vector<Given>& options) {
  Asked asked;
  for (const Given& given : options)
    if (counts(given)) asked.add(*given.option);
  return asked;
}

/// Two options of a slot that exclude each other.
Status check_slots(const std::vector<Given>& options) {
  for (const Given& first : options)
    for (const Given& second : options)
      if (first.option < second.option && first.option->alone && counts(first) && counts(second) &&
          first.option->slot == second.option->slot)
        return bad_usage(fmt::format("{} and {} exclude each other: one of the two is accepted",
                                     first.option->shown(), second.option->shown()));
  return {};
}

Status read(Scope scope, const Given& given) {
  if (!given.option->read) return {};
  if (!given.option->many && given.texts.size() > 1)
    return bad_usage(fmt::format("{} is given {} times ({}, {}): once is accepted", given.where,
                                 given.texts.size(), xtg::quoted(given.texts[0]),
                                 xtg::quoted(given.texts[1])));
  if (given.option->clear) given.option->clear(scope);
  for (const std::string& text : given.texts)
    if (auto ok = given.option->read(scope, text); !ok)
      return bad_value(given.where, text, ok.error().what);
  return {};
}

/// In the order of the table, so that of several mistakes the same one is always reported.
std::vector<Given> in_order(std::vector<Given> options) {
  std::ranges::stable_sort(options, {}, &Given::option);
  return options;
}

/// Applies options of streams to each stream of the port.
Status read_all(Test& test, std::size_t port, const std::vector<Given>& options) {
  const auto* udp = udp_of(test);
  for (const Given& given : in_order(options)) {
    const bool each = given.option->place == Place::Stream && udp != nullptr;
    const std::size_t times = each ? udp->ports[port].streams.size() : 1;
    for (std::size_t i = 0; i < times; ++i)
      if (auto ok = read(Scope(test, port, i), given); !ok) return ok;
  }
  return {};
}

bool is_search(const Test& test) {
  return std::holds_alternative<plan::SearchSpec>(test.of);
}

/// Applies threads and CPUs to whatever has them.
Status settle(Test& test, const Asked& asked) {
  if (auto* udp = udp_of(test))
    return settle_threads(asked, udp->ports.front().threads, udp->ports.front().cpus);
  if (auto* tcp = std::get_if<plan::TcpSpec>(&test.of))
    return settle_threads(asked, tcp->threads, tcp->cpus);
  if (auto* demo = std::get_if<plan::DemoSpec>(&test.of))
    return settle_threads(asked, demo->threads, demo->cpus);
  return {};
}

tl::unexpected<Error> labelled(const std::string& label, Error error) {
  if (!label.empty()) error.what = label + ": " + error.what;
  return tl::unexpected<Error>(std::move(error));
}

/// One port: the options for all ports, overridden by its own.
Status read_port(Test& test, std::size_t number, const PortDraft& draft) {
  auto& udp = *udp_of(test);
  plan::PortSpec& port = udp.ports[number];
  port.receive = true;
  auto name = parse_interface(draft.interface);
  if (!name) return tl::unexpected<Error>(std::move(name.error()));
  port.interface = std::move(*name);
  const Asked asked = asked_of(draft.own);
  if (asked.has("--threads")) port.cpus.clear(); // the port sets its own thread count
  if (auto ok = read_all(test, number, draft.own); !ok) return ok;
  if (auto ok = check_slots(draft.own); !ok) return ok;
  if (auto ok = settle_threads(asked, port.threads, port.cpus); !ok) return ok;
  for (const plan::StreamSpec& stream : port.streams)
    if (auto ok = check_udp_stream(udp, stream, asked, is_search(test)); !ok) return ok;
  return {};
}

/// Replaces the first port, which so far stands for all of them, by the ports of --port, followed
/// by those that only receive.
Status read_ports(Test& test, const std::vector<PortDraft>& drafts) {
  auto& ports = udp_of(test)->ports;
  if (!ports.front().interface.empty())
    return bad_usage(fmt::format("{} and --port both name where to send: with --port, all "
                                 "interfaces are ports",
                                 xtg::quoted(ports.front().interface)));
  const plan::PortSpec all = ports.front();
  ports.insert(ports.begin(), drafts.size() - 1, all);
  for (std::size_t i = 0; i < drafts.size(); ++i)
    if (auto ok = read_port(test, i, drafts[i]); !ok) {
      // Errors already name the port.
      return ok.error().what.starts_with(drafts[i].where) ? ok
                                                          : labelled(drafts[i].where, ok.error());
    }
  // A port may also be among those of --rx.
  for (std::size_t i = ports.size(); i-- > drafts.size();)
    if (std::ranges::find(ports, ports[i].interface, &plan::PortSpec::interface) !=
        ports.begin() + static_cast<std::ptrdiff_t>(i))
      ports.erase(ports.begin() + static_cast<std::ptrdiff_t>(i));
  return {};
}

/// Streams with each one's own options; applies the rules between the options of each.
Status read_streams(Test& test, const Draft& draft, const Asked& asked) {
  const plan::TestSpec& udp = *udp_of(test);
  const auto& streams = udp.ports.front().streams;
  for (std::size_t i = 0; i < draft.streams.size(); ++i)
    for (const Given& given : in_order(draft.streams[i]))
      if (auto ok = read(Scope(test, 0, i), given); !ok) return ok;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const bool is_one = draft.streams.size() < 2;
    std::string label = draft.label;
    if (!is_one) label += fmt::format(": streams[{}]", i);
    Asked of_it = is_one ? asked : asked_of(draft.streams[i]);
    if (is_one && !draft.streams.empty())
      for (const Given& given : draft.streams.front())
        if (counts(given)) of_it.add(*given.option);
    if (!draft.streams.empty())
      if (auto ok = check_slots(draft.streams[i]); !ok) return labelled(label, ok.error());
    if (auto ok = check_udp_stream(udp, streams[i], of_it, is_search(test)); !ok)
      return labelled(label, ok.error());
  }
  return {};
}

} // namespace

tl::unexpected<Error> bad_value(std::string_view option, std::string_view text,
                                std::string_view reason) {
  // Our parsers begin with the text ("\"x\" is not a rate: ..."); a bare reason gets it prepended.
  const std::string shown = xtg::quoted(text);
  if (reason.starts_with(shown))
    return fail(Errc::InvalidArgument, fmt::format("{} {}", option, reason));
  return fail(Errc::InvalidArgument, fmt::format("{} {}: {}", option, shown, reason));
}

Result<PortDraft> port_draft(const CommandInfo& command, const std::string& text,
                             const std::string& where) {
  PortDraft draft;
  draft.where = fmt::format("{} {}", where, xtg::quoted(text));
  const auto parts = split_at_commas(text);
  draft.interface = parts.front();
  if (auto name = parse_interface(draft.interface); !name)
    return bad_value(where, text, name.error().what);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    auto given = port_option(command, parts[i]);
    if (!given) return bad_value(where, text, given.error().what);
    const auto known = std::ranges::find(draft.own, given->option, &Given::option);
    if (known == draft.own.end()) {
      given->where = draft.where + ": " + given->where;
      draft.own.push_back(std::move(*given));
    } else if (!given->option->is_flag()) { // given twice: build() rejects it
      known->texts.push_back(given->texts.front());
    }
  }
  return draft;
}

Draft merge(Draft profile, Draft over) {
  const auto drop = [&over](std::vector<Given>& options) {
    std::erase_if(options, [&](const Given& given) {
      return std::ranges::any_of(over.options, [&](const Given& newer) {
        return newer.option == given.option ||
               (!newer.option->slot.empty() && newer.option->slot == given.option->slot);
      });
    });
  };
  drop(profile.options);
  std::ranges::for_each(profile.streams, drop);
  for (PortDraft& port : profile.ports)
    drop(port.own);
  if (!over.ports.empty()) profile.ports = std::move(over.ports);
  profile.options.insert(profile.options.end(), over.options.begin(), over.options.end());
  return profile;
}

Result<Test> build(const Draft& draft) {
  Test test = default_test(draft.command->command);
  auto* udp = udp_of(test);
  if (udp != nullptr && draft.streams.size() > 1)
    udp->ports.front().streams.resize(draft.streams.size(), udp->ports.front().streams.front());
  Asked asked = asked_of(draft.options);
  if (auto ok = read_all(test, 0, draft.options); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = settle(test, asked); !ok) return labelled(draft.label, ok.error());
  if (udp != nullptr)
    if (auto ok = read_streams(test, draft, asked); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = check_slots(draft.options); !ok) return labelled(draft.label, ok.error());
  if (!draft.ports.empty()) {
    asked.add(*draft.command->by_word("--port"));
    if (auto ok = read_ports(test, draft.ports); !ok) return tl::unexpected<Error>(ok.error());
  }
  if (auto* demo = std::get_if<plan::DemoSpec>(&test.of)) demo->command = draft.rest;
  if (asked.has("--dry-run") && asked.has("--report"))
    return labelled(
        draft.label,
        bad_usage("--report goes without --dry-run, which has no result to report").value());
  if (draft.command->check)
    if (auto ok = draft.command->check(test, asked); !ok) return labelled(draft.label, ok.error());
  return test;
}

} // namespace xtg::spec
