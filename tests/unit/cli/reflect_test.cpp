// SPDX-License-Identifier: BSD-2-Clause
// The command line of `reflect`.
#include "unit/cli/cli_test.h"

#include <functional>

namespace xtg::cli {
namespace {

using plan::ReflectSpec;
using plan::Via;
using namespace std::chrono_literals;

struct Case {
  Args options;
  std::function<void(ReflectSpec&)> change;
};
using R = ReflectSpec;

packet::IpPrefix prefix(const char* text) {
  return packet::IpPrefix::parse(text).value();
}

// One line per option and spelling; the change is against the defaults of reflect_spec.h.
const std::vector<Case> kCases = {
    {{}, [](R&) {}},
    {{"-m", "auto"}, [](R&) {}},
    {{"--mode", "native"}, [](R& r) { r.mode = plan::RxMode::Native; }},
    {{"--mode=generic"}, [](R& r) { r.mode = plan::RxMode::Generic; }},
    {{"--session", "1a2B3c4d"}, [](R& r) { r.run_id = 0x1a2b3c4d; }},
    {{"-p", "1000"}, [](R& r) { r.port = 1000; }},
    {{"--port", "0"}, [](R& r) { r.port = 0; }},
    {{"--allow", "192.0.2.7/24"}, [](R& r) { r.allow = {prefix("192.0.2.0/24")}; }},
    {{"--allow", "fe80::1%eth1,10.0.0.1,fe80::%eth1/64"},
     [](R& r) {
       r.allow = {prefix("fe80::1"), prefix("10.0.0.1"), prefix("fe80::/64")};
       r.zone = "eth1";
     }},
    {{"--allow", "10.0.0.1,2001:db8::/32"},
     [](R& r) {
       r.allow = {prefix("10.0.0.1"), prefix("2001:db8::/32")};
     }},
    {{"--allow", "10.0.0.1", "--allow=10.0.0.3,10.0.0.2"},
     [](R& r) {
       r.allow = {prefix("10.0.0.1"), prefix("10.0.0.3"), prefix("10.0.0.2")};
     }},
    {{"--allow", "any"}, [](R& r) { r.allow_any = true; }},
    {{"--any-mac"}, [](R& r) { r.any_mac = true; }},
    {{"--max-rate", "2Mpps"},
     [](R& r) {
       r.max_rate = {Rate::Unit::Pps, 2e6};
     }},
    {{"--max-rate", "1pps"},
     [](R& r) {
       r.max_rate = {Rate::Unit::Pps, 1};
     }},
    {{"--max-rate", "max"}, [](R&) {}},
    {{"--via", "auto"}, [](R&) {}},
    {{"--via", "tx"}, [](R& r) { r.via = Via::Tx; }},
    {{"--via=redirect"}, [](R& r) { r.via = Via::Redirect; }},
    {{"--fix"}, [](R& r) { r.fix = true; }},
    {{"-n", "1.5M"}, [](R& r) { r.num_packets = 1'500'000; }},
    {{"--num-packets", "0"}, [](R&) {}},
    {{"--duration", "2m"}, [](R& r) { r.duration = 120s; }},
    {{"-I", "100ms"}, [](R& r) { r.interval = 100ms; }},
    {{"--json"}, [](R& r) { r.output.json = true; }},
    {{"--json-stream"}, [](R& r) { r.output.json_stream = true; }},
    {{"--quiet"}, [](R& r) { r.output.quiet = true; }},
    {{"-v"}, [](R& r) { r.output.verbose = true; }},
};

TEST(CliReflect, EveryOptionSetsItsPartOfTheSpec) {
  for (const auto& [options, change] : kCases) {
    ReflectSpec expected;
    expected.interface = "eth0";
    change(expected);
    const Args args = Args{"reflect", "eth0"} + options;
    EXPECT_EQ(parsed<ReflectSpec>(args), expected) << shown(args);
  }
}

TEST(CliReflect, InterfaceIsAnArgumentOrAnOption) {
  for (const Args& args : {Args{"reflect", "eth1"}, Args{"reflect", "-i", "eth1"},
                           Args{"reflect", "--allow", "10.0.0.0/8", "eth1"}})
    EXPECT_EQ(parsed<ReflectSpec>(args).interface, "eth1") << shown(args);
  expect_refused({
      {{"reflect"}, {"reflect: expected the name of an interface", "reflect eth0"}},
      {{"reflect", "eth0", "-i", "eth1"}, {"--interface", "2 times", "once"}},
      {{"reflect", "eth0", "eth1"}, {"reflect: unexpected argument \"eth1\""}},
      {{"reflect", "eth0", "--alow", "any"}, {"unknown option --alow", "did you mean --allow"}},
      {{"reflect", "eth0", "--json", "--json-stream"}, {"--json", "--json-stream"}},
  });
}

TEST(CliReflect, BadValuesNameOptionValueAndWhatIsAccepted) {
  std::string many = "10.0.0.0/8";
  for (int i = 0; i < 4096; i++)
    many += ",10.0.0.0/8";
  const std::vector<BadCase> cases = {
      {{"--mode", "skb"}, {"--mode \"skb\"", "auto|native|generic"}},
      {{"--session", "1a2b3c4"}, {"--session \"1a2b3c4\"", "8 hexadecimal digits"}},
      {{"-p", "65536"}, {"--port \"65536\"", "0 to 65535"}},
      {{"--allow", ""}, {"--allow \"\"", "192.0.2.0/24"}},
      {{"--allow", "eth1"}, {"--allow \"eth1\"", "192.0.2.0/24"}},
      {{"--allow", "10.0.0.1,"}, {"--allow", "\"\"", "192.0.2.0/24"}},
      {{"--allow", "10.0.0.1", "--allow", "10.0.0.0/33"}, {"--allow \"10.0.0.0/33\""}},
      {{"--allow", many}, {"--allow", "at most 4096"}},
      {{"--max-rate", "10Gbps"}, {"--max-rate \"10Gbps\"", "packets per second", "2Mpps"}},
      {{"--max-rate", "0.5pps"}, {"--max-rate \"0.5pps\"", "at least 1pps"}},
      {{"--max-rate", "5"}, {"--max-rate \"5\""}},
      {{"--via", "rx"}, {"--via \"rx\"", "auto|xdp|tx|redirect|tc"}},
      {{"-n", "x"}, {"--num-packets \"x\"", "number of packets"}},
      {{"--duration", "0"}, {"--duration \"0\"", "above zero"}},
  };
  for (const auto& bad : cases)
    expect_refused({{Args{"reflect", "eth0"} + bad.args, bad.parts}});
}

} // namespace
} // namespace xtg::cli
