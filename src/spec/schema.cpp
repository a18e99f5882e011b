// SPDX-License-Identifier: BSD-2-Clause
// The JSON Schema of profiles, from the table.
#include "core/text.h"
#include "spec/profile.h"
#include "spec/strict_json.h"

namespace xtg::spec {
namespace {

/// One value of an option. Describes texts as far as a schema can; the program checks the rest.
Json value_schema(const Option& option) {
  if (option.is_flag()) return {{"type", "boolean"}};
  if (const auto words = option.choices(); !words.empty()) return {{"enum", words}};
  if (option.kind == Kind::Number) return {{"type", {"integer", "string"}}, {"minimum", 0}};
  return {{"type", "string"}};
}

Json option_schema(const Option& option) {
  Json schema = value_schema(option);
  if (option.many) schema = {{"anyOf", {schema, {{"type", "array"}, {"items", schema}}}}};
  std::string text = option.help;
  if (!option.value.empty() && option.choices().empty()) text = option.value + ": " + text;
  schema["description"] = text;
  if (!option.is_flag() && !option.fallback.empty())
    schema["$comment"] = "default: " + option.fallback;
  return schema;
}

Json object_of(Json properties, Json required) {
  Json out = {{"type", "object"}};
  if (!required.empty()) out["required"] = std::move(required);
  out["properties"] = std::move(properties);
  out["additionalProperties"] = false;
  return out;
}

/// The options of a command selected by `wanted`.
template <class Wanted>
Json properties_of(const CommandInfo& command, Wanted wanted) {
  Json out = Json::object();
  for (const Option& option : command.options)
    if (option.in_json && option.read && wanted(option)) out[option.key] = option_schema(option);
  return out;
}

Json command_schema(const CommandInfo& command) {
  Json properties = {{"command", {{"const", command.name}}}, {"$schema", {{"type", "string"}}}};
  properties.update(properties_of(command, [](const Option&) { return true; }));
  if (command.streams) {
    properties["streams"] = {{"type", "array"},
                             {"minItems", 1},
                             {"maxItems", kMaxStreams},
                             {"items", {{"$ref", "#/$defs/stream"}}},
                             {"description", "streams, each on top of what the top level says"}};
  }
  if (command.by_key("ports") != nullptr) {
    properties["ports"] = {
        {"type", "array"},
        {"items", {{"anyOf", {{{"type", "string"}}, {{"$ref", "#/$defs/port"}}}}}},
        {"description", command.by_key("ports")->help}};
  }
  return object_of(std::move(properties), {"command"});
}

} // namespace

std::string profile_schema() {
  const CommandInfo& udp = *find_command("udp");
  Json port = {{"interface", {{"type", "string"}}}};
  port.update(properties_of(
      udp, [](const Option& option) { return option.place != Place::Run && option.of_port; }));
  Json schema = {{"$comment", "SPDX-License-Identifier: BSD-2-Clause"},
                 {"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Profile of xdp-trafficgen"},
                 {"description",
                  "Generated from the table of options. What --profile reads and what "
                  "start.configuration.test of a result holds. Keys "
                  "are the long options with underscores; values are texts as on the command line, "
                  "or numbers and booleans where that is natural."},
                 {"oneOf", Json::array()},
                 {"$defs", Json::object()}};
  for (const CommandInfo& command : commands()) {
    if (!command.profile) continue;
    schema["oneOf"].push_back({{"$ref", "#/$defs/" + command.name}});
    schema["$defs"][command.name] = command_schema(command);
  }
  schema["$defs"]["stream"] = object_of(
      properties_of(udp, [](const Option& option) { return option.place == Place::Stream; }),
      Json::array());
  schema["$defs"]["port"] = object_of(std::move(port), {"interface"});
  return schema.dump(2) + "\n";
}

} // namespace xtg::spec
