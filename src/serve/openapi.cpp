// SPDX-License-Identifier: BSD-2-Clause
#include "serve/openapi.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/version.h"
#include "serve/policy.h"
#include "spec/profile.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchemas = "#/components/schemas/";

Json reference(std::string_view name) {
  return {{"$ref", std::string(kSchemas) + std::string(name)}};
}

Json content(std::string_view type, Json schema) {
  return {{std::string(type), {{"schema", std::move(schema)}}}};
}

Json answer(std::string_view what, Json of) {
  Json out = {{"description", what}};
  if (!of.empty()) out["content"] = std::move(of);
  return out;
}

Json problem(std::string_view what) {
  return answer(what, content("application/json", reference("problem")));
}

Json parameter(std::string_view name, std::string_view in, std::string_view what, Json schema) {
  return {{"name", name},
          {"in", in},
          {"required", in == "path"},
          {"description", what},
          {"schema", std::move(schema)}};
}

/// References within the schema of profiles lead to the components.
void redirect(Json& value) {
  constexpr std::string_view kDefs = "#/$defs/";
  if (value.is_object())
    for (auto& [key, part] : value.items()) {
      if (key == "$ref" && part.is_string() && part.get<std::string>().starts_with(kDefs))
        part = std::string(kSchemas) + part.get<std::string>().substr(kDefs.size());
      else
        redirect(part);
    }
  else if (value.is_array())
    for (Json& part : value)
      redirect(part);
}

/// Options that say how a command prints: a server's tests do not.
bool is_of_the_command_line(const spec::Option& row) {
  constexpr std::array<std::string_view, 5> kOutput = {"json", "json_stream", "quiet", "verbose",
                                                       "show_frames"};
  return std::ranges::count(kOutput, row.key) != 0;
}

/// Options that no client may give are left out. What a form needs beside a schema: headings, and
/// which options are of the command line.
void annotate(Json& properties, std::string_view command) {
  const spec::CommandInfo& info = *spec::find_command(command);
  std::vector<std::string> refused;
  for (auto& [key, schema] : properties.items()) {
    const spec::Option* row = info.by_key(key);
    if (row == nullptr) continue;
    if (is_of_two_hosts(*row) || (is_operators(*row) && key != "fix")) refused.push_back(key);
    schema["x-group"] = row->group;
    if (is_operators(*row)) schema["readOnly"] = true;
    if (is_of_the_command_line(*row)) schema["x-local"] = true;
  }
  for (const std::string& key : refused)
    properties.erase(key);
}

Json text() {
  return {{"type", "string"}};
}
Json number() {
  return {{"type", "number"}};
}
Json maybe(const char* type) {
  return {{"type", {type, "null"}}};
}

Json test_state() {
  Json properties = {
      {"id", text()},
      {"state", {{"enum", {"waiting", "starting", "ready", "running", "done", "failed"}}}},
      {"command", text()},
      {"interfaces", {{"type", "array"}, {"items", text()}}},
      {"client", text()},
      {"age_seconds", number()},
      {"position", maybe("integer")},
      {"seconds_left", number()},
      {"lease_seconds", maybe("number")},
      {"test", reference("test")},
      {"exit_status", {{"type", "integer"}}},
      {"error", maybe("string")},
      {"result", maybe("object")}};
  return {{"type", "object"}, {"required", {"id", "state"}}, {"properties", std::move(properties)}};
}

Json schemas() {
  Json profile = Json::parse(spec::profile_schema());
  Json out = Json::object(), one_of = Json::array();
  for (auto& [name, schema] : profile["$defs"].items()) {
    const bool command = std::ranges::count(kServed, name) != 0;
    if (!command && name != "stream" && name != "port") continue;
    if (command) one_of.push_back(reference(name));
    redirect(schema);
    annotate(schema["properties"], command ? name : "udp");
    out[name] = std::move(schema);
  }
  out["test"] = {{"description",
                  "A test, as in a profile. \"fix\" is accepted where the operator gave --fix."},
                 {"oneOf", std::move(one_of)}};
  out["state"] = test_state();
  out["problem"] = {{"type", "object"},
                    {"required", {"error"}},
                    {"properties", {{"error", text()}, {"busy", {{"type", "object"}}}}}};
  return out;
}

Json time(std::string_view limits) {
  Json out = text();
  out["description"] = limits;
  return out;
}

Json create_test() {
  return {
      {"summary", "Create a test; it begins at once, or when its turn comes"},
      {"parameters",
       {parameter("wait", "query", "wait while its interfaces are in use",
                  {{"type", "boolean"}, {"default", false}}),
        parameter("prepare", "query", "prepare it, and let it begin by POST /v1/tests/{id}/start",
                  {{"type", "boolean"}, {"default", false}}),
        parameter("lease", "query", "end the test when nobody asks for it for so long",
                  time("1s to 60s")),
        parameter("hold", "query",
                  "keep programs attached for so long after the test, for the next one",
                  time("0 to 10s"))}},
      {"requestBody",
       {{"required", true}, {"content", content("application/json", reference("test"))}}},
      {"responses",
       {{"201", answer("created", content("application/json", reference("state")))},
        {"400", problem("the test is not sound")},
        {"403", problem("the operator does not allow it")},
        {"409", problem("its interfaces are in use")},
        {"422", problem("this host cannot do it")},
        {"503", problem("too many tests wait")}}}};
}

/// Answers that are not of one request alone.
void add_common_answers(std::string_view path, std::string_view method, Json& operation) {
  Json& responses = operation["responses"];
  const auto add = [&](const char* status, std::string_view what) {
    if (!responses.contains(status)) responses[status] = problem(what);
  };
  const bool open = path == "/" || path == "/v1/health";
  if (!open) add("401", "the token is missing or wrong");
  add("403", "this client or page may not ask");
  if (path.find('{') != path.npos) add("404", "there is none of that name");
  add("405", "another method than those listed here, and HEAD");
  if (method == "post") add("415", "no JSON, or packed");
  if (open) operation["security"] = Json::array(); // no token; it moves the members
}

Json paths() {
  const Json id = parameter("id", "path", "of the test", text());
  const Json state = content("application/json", reference("state"));
  Json list = {{"type", "object"},
               {"properties", {{"tests", {{"type", "array"}, {"items", reference("state")}}}}}};
  Json lines = content("application/x-ndjson", text());
  lines.update(content("text/event-stream", text()));
  const Json object = content("application/json", {{"type", "object"}});
  const auto simple = [](std::string_view summary, Json of) -> Json {
    return {{"get",
             {{"summary", summary}, {"responses", {{"200", answer("so it is", std::move(of))}}}}}};
  };
  Json out;
  out["/v1/tests"] = {
      {"get",
       {{"summary", "All tests that are kept"},
        {"responses", {{"200", answer("a list", content("application/json", list))}}}}},
      {"post", create_test()}};
  out["/v1/tests/{id}"] = {
      {"parameters", Json::array({id})},
      {"get",
       {{"summary", "The state of a test and, at its end, its result; renews its lease"},
        {"responses", {{"200", answer("the state", state)}}}}},
      {"delete",
       {{"summary", "Stop a test, or forget one that is over"},
        {"parameters",
         Json::array({parameter("keep", "query", "do not forget it", {{"type", "boolean"}})})},
        {"responses",
         {{"200", answer("it is over and kept", state)},
          {"202", answer("it is ending", state)},
          {"204", answer("it is gone", Json())}}}}}};
  out["/v1/tests/{id}/start"] = {
      {"parameters", Json::array({id})},
      {"post",
       {{"summary", "Let a test begin that is ready; the answer says when by this host's clock"},
        {"responses",
         {{"200", answer("it begins", state)}, {"409", problem("the test is not ready")}}}}}};
  out["/v1/tests/{id}/events"] = {
      {"parameters", Json::array({id, parameter("from", "query", "number of the first line",
                                                {{"type", "integer"}})})},
      {"get",
       {{"summary", "Events while the test runs, a line of JSON each"},
        {"responses",
         {{"200", answer("the events, to the end of the test", lines)},
          {"400", problem("no number of a line")},
          {"503", problem("too many are read")}}}}}};
  const auto part = [&id](std::string_view summary, Json of, std::string_view status,
                          std::string_view why) -> Json {
    return {
        {"parameters", Json::array({id})},
        {"get",
         {{"summary", summary},
          {"responses",
           {{"200", answer("so it is", std::move(of))}, {std::string(status), problem(why)}}}}}};
  };
  out["/v1/tests/{id}/charts"] =
      part("Points of the charts of its report while the test runs, lines of JSON",
           content("application/x-ndjson", text()), "503", "too many are read");
  out["/v1/tests/{id}/result"] =
      part("The result of a test that is over, the document that --json prints", object, "409",
           "the test is not over");
  out["/v1/tests/{id}/report"] = part("The report of a test that is over",
                                      content("text/html", text()), "409", "the test is not over");
  const auto question = [](std::string_view summary, Json body, std::string_view status) -> Json {
    return {{"summary", summary},
            {"requestBody",
             {{"required", true}, {"content", content("application/json", std::move(body))}}},
            {"responses",
             {{std::string(status),
               answer("so it is", content("application/json", {{"type", "object"}}))},
              {"400", problem("not sound")},
              {"422", problem("it cannot be sent")},
              {"429", problem("too many are open")}}}};
  };
  out["/v1/challenges"] = {
      {"post",
       question("Have a number sent to an address, by UDP, to prove that it is the client's",
                {{"type", "object"},
                 {"required", {"address", "port"}},
                 {"properties",
                  {{"address", text()}, {"port", {{"type", "integer"}, {"minimum", 1024}}}}}},
                "201")}};
  out["/v1/challenges/{id}"] = {
      {"parameters", Json::array({parameter("id", "path", "of the challenge", text())})},
      {"post",
       question("Return the number",
                {{"type", "object"}, {"required", {"nonce"}}, {"properties", {{"nonce", text()}}}},
                "200")}};
  out["/v1/interfaces"] = simple("Interfaces that tests may use, and the ceilings", object);
  out["/v1/clock"] = simple("The time of this host's clock, for comparing it with another", object);
  out["/v1/health"] = simple("Whether the server is well; needs no token", object);
  out["/metrics"] = simple("Figures for Prometheus", content("text/plain", text()));
  out["/v1/openapi.json"] = simple("This description", object);
  out["/"] = simple("The page for browsers; needs no token", content("text/html", text()));
  out["/"]["get"]["responses"]["404"] = problem("the program was built without its page");
  for (auto& [path, operations] : out.items())
    for (auto& [method, operation] : operations.items())
      if (operation.contains("responses")) add_common_answers(path, method, operation);
  return out;
}

} // namespace

std::string openapi_text() {
  static const std::string out = [] {
    Json document = {{"openapi", "3.1.0"},
                     {"info", {{"title", "xdp-trafficgen"}, {"version", kVersion}}},
                     {"security", Json::array({{{"token", Json::array()}}})},
                     {"paths", paths()},
                     {"components",
                      {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
                       {"schemas", schemas()}}}};
    return document.dump(1) + "\n";
  }();
  return out;
}

} // namespace xtg::serve
