// SPDX-License-Identifier: BSD-2-Clause
// Profiles: tests to JSON and back, the command line on top, and what is refused.
#include "spec/profile.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/cli.h"

namespace xtg::spec {
namespace {

using Args = std::vector<std::string>;
using nlohmann::json;
using plan::TestSpec;

Args operator+(Args left, const Args& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::string joined(const Args& args) {
  std::string text;
  for (const auto& arg : args)
    text += arg + " ";
  return text;
}

/// A file of this process, as tests of others run beside it; it goes when the process ends.
std::string own_file(const char* suffix, const std::string& text) {
  struct Files {
    std::set<std::string> paths;
    ~Files() {
      for (const std::string& path : paths)
        std::remove(path.c_str());
    }
  };
  static Files files;
  std::string path = fmt::format("{}xtg-profile-{}.{}", testing::TempDir(), getpid(), suffix);
  files.paths.insert(path);
  std::ofstream(path) << text;
  return path;
}

/// A file for --profile.
std::string file_of(const std::string& text) {
  return own_file("json", text);
}

Test test_of(const Args& args) {
  auto request = cli::parse(args);
  if (!request) {
    ADD_FAILURE() << joined(args) << ": " << request.error().what;
    return default_test(Command::Probe);
  }
  Test test = std::get<Test>(*request);
  if (auto* tcp = std::get_if<plan::TcpSpec>(&test.of)) tcp->notes.clear(); // on what was typed
  return test;
}

Test test_of(const std::string& profile, const Args& more = {}) {
  return test_of(Args{"--profile", file_of(profile)} + more);
}

/// The message without the path of the file.
std::string refused(const std::string& profile, const Args& more = {}) {
  const std::string path = file_of(profile);
  const auto request = cli::parse(Args{"--profile", path} + more);
  if (request) {
    ADD_FAILURE() << profile << ": accepted";
    return {};
  }
  EXPECT_EQ(request.error().code, Errc::InvalidArgument);
  std::string what = request.error().what;
  EXPECT_EQ(what.find('\n'), std::string::npos) << what;
  if (const auto at = what.find(path); at != std::string::npos) what.replace(at, path.size(), "F");
  return what;
}

void comes_back(const Args& args) {
  const Test test = test_of(args);
  const std::string profile = to_profile(test);
  EXPECT_TRUE(test_of(profile) == test) << joined(args) << "\n" << profile;
  EXPECT_EQ(to_profile(test_of(profile)), profile) << joined(args);
  // The rest of a saved result does not matter.
  EXPECT_EQ(to_profile(test_of(R"({"start":{"configuration":{"mtu":1,"test":)" + profile +
                               R"(}},"end":null})")),
            profile);
  EXPECT_EQ(to_profile(test_of(R"({"notes":[],"test":)" + profile + "}")), profile);
  EXPECT_EQ(to_profile(test_of(R"({"plan":{"test":)" + profile + "}}")), profile);
}

std::string key_file() {
  return own_file("key", "0123456789abcdef0123456789abcdef");
}

/// Values of an option that are accepted and are not its default. By the name, else by the syntax.
Args values_of(const std::string& command, const Option& option) {
  const static std::map<std::string, Args> kByName = {
      {"max-rate", {"2Mpps", "12345pps"}},
      {"search --max-rate", {"80%", "2Mpps", "5Gbps"}},
      {"search --expect", {"ndr>1Mpps,pdr<=5Gbps"}},
      {"reflect", {"198.18.7.1", "2001:2::7"}},
      {"server", {"192.0.2.1", "[2001:db8::1]:9951", "server1:7"}},
      {"goal", {"name=mine,loss=0.1%,duration=2s,sum=2s,exceed=0%,width=1%,initial=1s"}},
      {"max-latency", {"p99<50us,max<=1ms"}},
      {"sizes", {"64,128,imix"}},
      {"tcp-sink --allow", {"10.0.0.0/8", "2001:db8::1"}},
      {"allow", {"10.0.0.0/8", "fe80::/10%eth0", "any"}},
      {"sample", {"1/7,late", "first:3"}},
      {"pkt-size", {"128", "3412"}},
      {"vlan", {"100", "100-199/10:5"}},
      {"tpid", {"0x88a8,0x8100"}},
      {"tos", {"184", "0x20"}},
      {"expect", {"loss<1%,p99<50us"}},
      {"window", {"1024"}},
      {"seed", {"18446744073709551615"}},
      {"key", {key_file()}},
      {"name", {"voice 1"}},
      {"mtu", {"9000"}},
      {"mss", {"500"}},
      {"dscp", {"EF", "13"}},
      {"session", {"0000beef"}},
      {"match", {"udp dst port 9", "host fe80::1%eth0 and udp"}}};
  const static std::map<std::string, Args> kBySyntax = {
      {"INTERFACE", {"eth7"}},
      {"MAC[-MAC]", {"02:00:00:00:00:01", "02:00:00:00:00:01-02:00:00:00:00:09"}},
      {"IP[-IP|/LEN]",
       {"198.18.7.0/24", "10.0.0.1-10.0.0.9/2", "fe80::1,fe80::7%eth0", "fe80::1-fe80::9%eth0",
        "2001:2::7"}},
      {"IP", {"198.18.7.1", "fe80::1%eth0"}},
      {"PORT[-PORT]", {"7", "10-19"}},
      {"PORT", {"7"}},
      {"HOST", {"server1", "fe80::1%eth0", "2001:db8::1"}},
      {"N", {"2", "7"}},
      {"TIME", {"1500ms", "7s", "123456789ns", "2h"}},
      {"RATE", {"1.5Mpps", "10Gbps", "333.25pps"}},
      {"LIST", {"0,2-3"}},
      {"QUEUES", {"auto", "4", "3-3", "0,2-3"}},
      {"FILE", {"a b", "./-x"}}};
  if (option.is_flag()) return {""};
  if (command == "search" && option.name == "via") return {"auto", "xdp", "tc"};
  if (const auto choices = option.choices(); !choices.empty()) return choices;
  const std::string own = command + " " + option.shown();
  for (const auto& [map, key] :
       {std::pair{&kByName, &own}, {&kByName, &option.name}, {&kBySyntax, &option.value}})
    if (const auto found = map->find(*key); found != map->end()) return found->second;
  ADD_FAILURE() << option.shown() << " " << option.value << ": no value is listed here";
  return {};
}

/// What an option needs beside it.
Args beside(const std::string& command, const std::string& option) {
  const static std::map<std::string, Args> kNeeds = {{"udp --rate-layer", {"--rate", "1Gbps"}},
                                                     {"udp --tpid", {"--vlan", "1"}},
                                                     {"tcp --rate-layer", {"--rate", "1Gbps"}},
                                                     {"udp --burst", {"--rate", "1kpps"}},
                                                     {"udp --key", {"--announce"}},
                                                     {"udp --announce-gap", {"--announce"}},
                                                     {"udp --drain", {"--rx", "eth2"}},
                                                     {"udp --reverse", {"--server", "h1"}},
                                                     {"udp --far-interface", {"--server", "h1"}},
                                                     {"udp --token-file", {"--server", "h1"}},
                                                     {"udp --wait", {"--server", "h1"}},
                                                     {"udp --no-wait", {"--server", "h1"}},
                                                     {"udp --window", {"--rx", "eth2"}},
                                                     {"udp --expect", {"--rx", "eth2"}},
                                                     {"udp --bidir", {"--rx", "eth2"}},
                                                     {"udp --show-frames", {"--dry-run"}},
                                                     {"tcp --reverse", {"--server", "h1"}},
                                                     {"tcp --far-interface", {"--server", "h1"}},
                                                     {"tcp --token-file", {"--server", "h1"}},
                                                     {"tcp --wait", {"--server", "h1"}},
                                                     {"tcp --no-wait", {"--server", "h1"}},
                                                     {"tcp --bidir", {"--server", "h1"}},
                                                     {"tcp --threads", {"--flows", "9"}},
                                                     {"tcp --cpus", {"--flows", "9"}},
                                                     {"tcp --repeat", {"--payload-file", "f"}},
                                                     {"demo --rate-layer", {"--rate", "1Gbps"}},
                                                     {"demo --burst", {"--rate", "1kpps"}},
                                                     {"rx --sample", {"--write-pcap", "f"}},
                                                     {"rx --drop-matched", {"--match", "udp"}}};
  const bool of_server = option == "--reverse" || option == "--far-interface" ||
                         option == "--token-file" || option == "--wait" || option == "--no-wait";
  if (command == "search" && of_server) return {"--server", "h1"};
  if (command == "search" && option == "--tpid") return {"--rx", "eth2", "--vlan", "1"};
  if (command == "search" && option == "--rate-layer")
    return {"--rx", "eth2", "--max-rate", "1Gbps"};
  if (command == "search" && option == "--pkt-size") return {"--reflect", "198.18.0.2"};
  if (command == "search" && option != "--rx" && option != "--reflect" && option != "--server")
    return {"--rx", "eth2"};
  const auto found = kNeeds.find(command + " " + option);
  return found == kNeeds.end() ? Args{} : found->second;
}

TEST(Profile, EveryOptionOfTheTableComesBack) {
  std::size_t lines = 0;
  for (const CommandInfo& command : commands()) {
    if (!command.profile) continue;
    for (const Option& option : command.options) {
      if (!option.on_argv || !option.in_json || (option.many && !option.read)) continue;
      // Of several streams only.
      if (command.command == Command::Search && option.name == "rate") continue;
      for (const std::string& value : values_of(command.name, option)) {
        Args args = {command.name};
        const Args needed = beside(command.name, option.shown());
        const bool is_target =
            option.argument ||
            (command.command == Command::Tcp &&
             (option.name == "server" || std::ranges::count(needed, "--server") != 0));
        if (!is_target && command.command != Command::Demo)
          args.push_back(command.command == Command::Tcp ? "server1" : "eth1");
        if (option.plain)
          args.push_back(value);
        else if (option.is_flag())
          args.push_back(option.shown());
        else
          args.push_back(option.shown()), args.push_back(value);
        comes_back(args + needed);
        lines++;
      }
    }
  }
  EXPECT_GT(lines, 150U);
}

TEST(Profile, ManyOptionsAtOnceComeBack) {
  for (const Args& args : std::vector<Args>{
           {"udp", "eth1", "-a", "fe80::2%eth1", "-A", "fe80::1-fe80::5%eth1", "-n", "5", "-p",
            "10-19", "--rate", "1Mpps", "--burst", "4", "--cpus", "1,0", "--fix", "--json"},
           {"udp", "eth1", "--rx", "eth2", "--rx", "eth1", "--bidir", "--drain", "0", "--expect",
            "rx@eth2=10/11,loss=0%", "-I", "200ms"},
           {"udp", "--cpus", "0,1", "-n", "5", "--port", "eth1,threads=1,num-packets=0", "--port",
            "eth2,rate=1kpps,no-udp-checksum,dst-addr=fe80::1%eth2"},
           {"udp", "-t", "2", "--port", "eth1,cpus=3", "--rx", "eth3"},
           {"tcp", "fe80::1%eth0", "-A", "fe80::2%eth0", "-6", "-m", "skb", "--bytes", "1G", "-f",
            "8"},
           {"rx", "eth1", "--match", "net fe80::/10%eth0", "--match",
            "ether host 02:00:00:00:00:01", "--drop-matched"},
           {"reflect", "eth1", "--allow", "192.0.2.0/24,fe80::1%eth0", "--allow", "any"},
           {"search", "eth1", "--reflect", "198.18.0.2", "--rfc2544", "--min-rate", "1%", "--sizes",
            "64,imix", "--goal", "loss=0", "--goal", "loss=1%,name=lossy", "--expect",
            "lossy>1Mpps"}})
    comes_back(args);
}

TEST(Profile, WritesWhatDiffersFromTheDefaults) {
  EXPECT_EQ(to_profile(test_of(Args{"udp", "eth1", "--rate", "max", "-s", "128", "-p", "1000"})),
            R"({"command":"udp","interface":"eth1","pkt_size":128})");
  EXPECT_EQ(to_profile(test_of(Args{"rx", "eth1", "-n", "5", "--verify", "--key", key_file()})),
            R"({"command":"rx","interface":"eth1","verify":true,"num_packets":5,"key":")" +
                key_file() + R"("})");
  EXPECT_EQ(to_profile(test_of(Args{"udp", "eth1", "--dscp", "af41"})),
            R"({"command":"udp","interface":"eth1","tos":136})");
}

TEST(Profile, AFileNameNeedNotBeUtf8) {
  EXPECT_EQ(to_profile(test_of(Args{"udp", "eth1", "--write-pcap", "\xff.pcap"})),
            "{\"command\":\"udp\",\"interface\":\"eth1\",\"write_pcap\":\"\xef\xbf\xbd.pcap\"}");
}

constexpr const char* kMix = R"({ // three streams
  "command": "udp", "interface": "eth1", "dst_addr": "198.18.0.1", "pkt_size": 100,
  "duration": "10s", /* all of it */ "streams": [
    {"name": "voice", "rate": "50pps", "pkt_size": 200, "dscp": "EF"},
    {"weight": 3, "dst_port": "10-19"}, {"rate": "1kpps", "burst": 32}]})";

TEST(Profile, StreamsStandOnTheTopLevelsOptions) {
  const spec::Test test = test_of(kMix);
  const plan::PortSpec& run = std::get<TestSpec>(test.of).ports[0];
  ASSERT_EQ(run.streams.size(), 3U);
  EXPECT_EQ(run.streams[0].name, "voice");
  EXPECT_EQ(run.streams[0].tos.first(), 0xb8);
  EXPECT_EQ(run.streams[0].frame_size, 200U);
  EXPECT_EQ(run.streams[1].frame_size, 100U);
  EXPECT_EQ(run.streams[1].weight, 3U);
  EXPECT_EQ(run.streams[1].dst_port.count, 10U);
  EXPECT_EQ(run.streams[2].rate.burst, 32U);
  for (const auto& stream : run.streams)
    EXPECT_EQ(stream.dst_addr->to_string(), "198.18.0.1");
  EXPECT_TRUE(test_of(to_profile(test)) == test) << to_profile(test);
}

/// What all ports have is said once; what is of a port or of a stream, there.
TEST(Profile, PortsSayWhatTheyHaveOfTheirOwn) {
  for (const auto& [args, profile] : std::vector<std::pair<Args, std::string>>{
           {{"udp", "-s", "128", "--port", "eth1", "--port", "eth2,rate=2kpps", "--rx", "eth3"},
            R"("pkt_size":128,"rx":["eth3"],"ports":[{"interface":"eth1"},)"
            R"({"interface":"eth2","rate":"2kpps"}]})"},
           {{"udp", "--cpus", "0,1", "--port", "eth1,threads=1", "--port", "eth2"},
            R"("ports":[{"interface":"eth1"},{"interface":"eth2","cpus":"0,1"}]})"},
           {{"udp", "--port", "eth1", "--drain", "1s"},
            R"("interface":"eth1","rx":["eth1"],"drain":"1s"})"}}) {
    const spec::Test test = test_of(args);
    EXPECT_EQ(to_profile(test), R"({"command":"udp",)" + profile) << joined(args);
    EXPECT_TRUE(test_of(to_profile(test)) == test) << to_profile(test);
  }
  // A port's own rate takes the place of what its streams have.
  const spec::Test test = test_of(R"({"command":"udp","ports":["eth1,rate=max","eth2"],
                                "streams":[{"rate":"1kpps"},{"rate":"2kpps"}]})");
  const auto& ports = std::get<TestSpec>(test.of).ports;
  EXPECT_EQ(ports[0].streams[1].rate.rate.unit, Rate::Unit::Max);
  EXPECT_EQ(ports[1].streams[1].rate.rate.value, 2000);
  EXPECT_TRUE(test_of(to_profile(test)) == test) << to_profile(test);
}

TEST(Profile, TheCommandLineOverrides) {
  const auto run = [](const std::string& profile, const Args& more) {
    return std::get<TestSpec>(test_of(profile, more).of);
  };
  const auto mix = run(kMix, {"-s", "300", "--duration", "1m", "--tos", "4"});
  EXPECT_EQ(mix.duration, std::chrono::minutes(1));
  for (const auto& stream : mix.ports[0].streams) {
    EXPECT_EQ(stream.frame_size, 300U);
    EXPECT_EQ(stream.tos.first(), 4); // in the place of "dscp", which excludes it
  }
  const std::string threads = R"({"command":"udp","interface":"eth1","cpus":"0,1"})";
  EXPECT_EQ(run(threads, {"--threads", "3"}).ports[0].threads, 3U);
  EXPECT_TRUE(run(threads, {"--threads", "3"}).ports[0].cpus.empty());
  EXPECT_EQ(run(threads, {"eth2"}).ports[0].interface, "eth2");
  const std::string ports =
      R"({"command":"udp","ports":[{"interface":"eth1","pkt_size":99},"eth2,rate=1kpps"]})";
  EXPECT_EQ(run(ports, {}).ports[0].streams[0].frame_size, 99U);
  EXPECT_EQ(run(ports, {"-s", "77"}).ports[0].streams[0].frame_size, 77U);
  EXPECT_EQ(run(ports, {"--port", "eth9"}).ports.size(), 1U);
  const std::string tcp = R"({"command":"tcp","host":"a","bytes":"1G"})";
  EXPECT_FALSE(std::get<plan::TcpSpec>(test_of(tcp, {"-n", "5"}).of).bytes);
  // Behind a command, which the profile then need not name.
  const std::string path = file_of(R"({"rate":"1kpps"})");
  EXPECT_EQ(to_profile(test_of(Args{"udp", "eth1", "--profile", path})),
            R"({"command":"udp","interface":"eth1","rate":"1kpps"})");
}

TEST(Profile, ErrorsNameTheFileAndThePlace) {
  struct Case {
    std::string profile, message;
  };
  for (const auto& [profile, message] : std::vector<Case>{
           {R"({"command":"udp","streams":[{},{"rate":"fast"}]})",
            "--profile F: streams[1].rate \"fast\""},
           {R"({"command":"udp","streams":[{"ratte":"1kpps"}]})",
            "--profile F: streams[0]: unknown key \"ratte\"; did you mean rate?"},
           {R"({"command":"udp","interfaze":"eth1"})",
            "--profile F: unknown key \"interfaze\"; did you mean interface?"},
           {R"({"command":"udp","streams":[{"duration":"1s"}]})", "it belongs to the top level"},
           {R"({"command":"udp","rate":5})", "--profile F: rate: expected a string"},
           {R"({"command":"udp","fix":"yes"})", "--profile F: fix: expected true or false"},
           {R"({"command":"udp","streams":[]})",
            "--profile F: streams: expected a list of 1 to 64"},
           {R"({"command":"udp","streams":[{"name":"a name that is long"}]})",
            "--profile F: streams[0].name \"a name that is long\": expected 1 to 15 printable"},
           {R"({"command":"udp","interface":"e","streams":[{"weight":0},{}]})",
            "--profile F: streams[0].weight \"0\": expected a whole number from 1 to 1000"},
           {R"({"command":"udp","interface":"e","streams":[{"weight":2,"rate":"1kpps"},{}]})",
            "--profile F: streams[0]: weight 2 and rate 1kpps exclude each other"},
           {R"({"command":"udp","interface":"e","burst":4})", "--profile F: --burst 4 needs"},
           {R"({"command":"udp","interface":"e","tos":1,"dscp":"EF"})",
            "--profile F: --tos and --dscp exclude each other"},
           {R"({"command":"udp","ports":[{"rate":"1kpps"}]})", "--profile F: ports[0]: expected"},
           {R"({"command":"udp","ports":[{"interface":"eth1","pkt_size":1}]})",
            "--profile F: ports[0].pkt_size \"1\": expected 64"},
           {R"({"command":"udp","ports":["eth1,rate=x"]})",
            "--profile F: ports[0] \"eth1,rate=x\": --rate \"x\""},
           {R"({"command":"rx","interface":"e","match":["udp",7]})",
            "--profile F: match[1]: expected a string"},
           {R"({"command":"probe"})", "--profile F: command \"probe\": expected one of udp, tcp"},
           {R"({"command":"ucp"})", "\"ucp\"; did you mean udp?"},
           {R"({"rate":"1kpps"})", "--profile F: names no \"command\""},
           {"{\"command\": \"udp\",\n  \"rate\": }",
            "--profile F: line 2, column 11: syntax error"},
           {"{\"command\": \"udp\", \"fix\": true, \"fix\": false}",
            "--profile F: the key \"fix\" is there twice in one object"},
           {"[1]", "--profile F: expected a JSON object"},
           {"", "--profile F: line 1, column 1"},
           {"{\"command\": \"\xff\"}", "--profile F: line 1, column"},
           {R"({"command":"udp","interface":"e","seed":1e999})", "--profile F: "},
           {R"({"command":"udp","x":)" + std::string(100, '[') + std::string(100, ']') + "}",
            "--profile F: nested more than 32 levels deep"},
           {std::string((1 << 20) + 1, ' '), "--profile F: larger than 1 MiB"}}) {
    const std::string what = refused(profile);
    EXPECT_NE(what.find(message), std::string::npos)
        << profile.substr(0, 200) << "\n  says: " << what << "\n  without: " << message;
  }
  EXPECT_NE(refused(R"({"command":"rx","interface":"e"})", {"udp"}).find("after the command"),
            std::string::npos);
  const std::string rx = file_of(R"({"command":"rx","interface":"e"})");
  EXPECT_EQ(cli::parse({"udp", "--profile", rx}).error().what,
            "--profile " + rx + ": is a profile of rx, not of udp");
  EXPECT_EQ(cli::parse({"--profile", "/no/such"}).error().what,
            "--profile /no/such: No such file or directory");
  EXPECT_NE(cli::parse({"--profile"}).error().what.find("value is missing"), std::string::npos);
}

TEST(Profile, AFlagMayBeTakenBack) {
  EXPECT_EQ(to_profile(test_of(R"({"command":"udp","interface":"e","fix":false,"round_trip":true,
                                   "streams":[{"round_trip":false},{}]})")),
            R"({"command":"udp","interface":"e","streams":[{},{"round_trip":true}]})");
}

TEST(Profile, TheSchemaHasEveryKey) {
  const json schema = json::parse(profile_schema());
  for (const CommandInfo& command : commands()) {
    if (!command.profile) continue;
    const json& properties = schema["$defs"][command.name]["properties"];
    for (const Option& option : command.options)
      EXPECT_EQ(properties.contains(option.key), option.in_json) << option.key;
  }
}

TEST(Dscp, NamesAreCodePoints) {
  for (const auto& [name, tos] : {std::pair{"EF", 184},
                                  {"ef", 184},
                                  {"CS0", 0},
                                  {"CS7", 224},
                                  {"AF11", 40},
                                  {"AF43", 152},
                                  {"VA", 176},
                                  {"LE", 4},
                                  {"63", 252}}) {
    const auto run = std::get<TestSpec>(test_of(Args{"udp", "eth1", "--dscp", name}).of).ports[0];
    EXPECT_EQ(run.streams[0].tos.first(), tos) << name;
    EXPECT_EQ(std::get<plan::TcpSpec>(test_of(Args{"tcp", "a", "--dscp", name}).of).tos, tos);
  }
  for (const char* bad : {"64", "AF10", "AF14", "AF51", "CS8", "CS", "E", "-1", "0xb"})
    EXPECT_FALSE(cli::parse({"udp", "eth1", "--dscp", bad})) << bad;
}

} // namespace
} // namespace xtg::spec
