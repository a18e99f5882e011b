// SPDX-License-Identifier: BSD-2-Clause
// The command line of `rx`.
#include "unit/cli/cli_test.h"

#include <functional>

namespace xtg::cli {
namespace {

using plan::Expected;
using plan::Relation;
using plan::RxSpec;
using namespace std::chrono_literals;

struct Case {
  Args options;
  std::function<void(RxSpec&)> change;
};
using R = RxSpec;

// One line per option and spelling; the change is against the defaults of rx_spec.h.
const std::vector<Case> kCases = {
    {{}, [](R&) {}},
    {{"-m", "auto"}, [](R&) {}},
    {{"--mode", "native"}, [](R& r) { r.mode = plan::RxMode::Native; }},
    {{"--mode=generic"}, [](R& r) { r.mode = plan::RxMode::Generic; }},
    {{"--session", "1a2B3c4d"}, [](R& r) { r.run_id = 0x1a2b3c4d; }},
    {{"--session", "0xdeadbeef"}, [](R& r) { r.run_id = 0xdeadbeef; }},
    {{"--session", "0X00000000"}, [](R& r) { r.run_id = 0; }},
    {{"-p", "1000"}, [](R& r) { r.port = 1000; }},
    {{"--port", "0"}, [](R& r) { r.port = 0; }},
    {{"--port", "65535"}, [](R& r) { r.port = 65535; }},
    {{"--observe"}, [](R& r) { r.observe = true; }},
    {{"--match", "udp  dst port 10000"},
     [](R& r) { r.match = {*packet::Filter::parse("udp dst port 10000")}; }},
    {{"--match", "src host fe80::1%eth0 and dst net ff02::%eth0/16"},
     [](R& r) {
       r.match = {*packet::Filter::parse("src host fe80::1 and dst net ff02::/16")};
       r.zone = "eth0";
     }},
    {{"--match=tcp", "--drop-matched", "--match", "arp"},
     [](R& r) {
       r.match = {*packet::Filter::parse("tcp"), *packet::Filter::parse("arp")};
       r.drop_matched = true;
     }},
    {{"--window", "1024"}, [](R& r) { r.window = 1'024; }},
    {{"--window", "1048576"}, [](R& r) { r.window = 1'048'576; }},
    {{"--streams", "1"}, [](R& r) { r.streams = 1; }},
    {{"--streams", "65536"}, [](R& r) { r.streams = 65'536; }},
    {{"-n", "1.5M"}, [](R& r) { r.num_packets = 1'500'000; }},
    {{"--num-packets", "0"}, [](R&) {}},
    {{"--clock-offset", "1.5s"}, [](R& r) { r.clock_offset = 1500ms; }},
    {{"--clock-offset=-1500us"}, [](R& r) { r.clock_offset = -1500us; }},
    {{"--drain", "500ms"}, [](R& r) { r.drain = 500ms; }},
    {{"--drain", "0"}, [](R& r) { r.drain = 0s; }},
    {{"--ignore-announcements"}, [](R& r) { r.ignore_announcements = true; }},
    {{"--duration", "2m"}, [](R& r) { r.duration = 120s; }},
    {{"-I", "100ms"}, [](R& r) { r.interval = 100ms; }},
    {{"--interval", "2"}, [](R& r) { r.interval = 2s; }},
    {{"--expect", "loss<0.001%, p99 < 50us"},
     [](R& r) {
       r.expect = {{Expected::Loss, Relation::Less, 1e-5, "loss<0.001%"},
                   {Expected::P99, Relation::Less, 50e3, "p99 < 50us"}};
     }},
    {{"--expect=rx=10000"},
     [](R& r) {
       r.expect = {{Expected::Received, Relation::Equal, 10e3, "rx=10000"}};
     }},
    {{"--verify"}, [](R& r) { r.verify = true; }},
    {{"--write-pcap", "a.pcap"}, [](R& r) { r.pcap_path = "a.pcap"; }},
    {{"--write-pcap", "a.pcap", "--sample", "1/1000"},
     [](R& r) {
       r.pcap_path = "a.pcap";
       r.sample = {.every = 1'000};
     }},
    {{"--sample=late,corrupt", "--write-pcap=a.pcap"},
     [](R& r) {
       r.pcap_path = "a.pcap";
       r.sample = {.late = true, .corrupt = true};
     }},
    {{"--json"}, [](R& r) { r.output.json = true; }},
    {{"--json-stream"}, [](R& r) { r.output.json_stream = true; }},
    {{"--quiet"}, [](R& r) { r.output.quiet = true; }},
    {{"-v"}, [](R& r) { r.output.verbose = true; }},
    {{"--verbose"}, [](R& r) { r.output.verbose = true; }},
};

TEST(CliRx, EveryOptionSetsItsPartOfTheSpec) {
  for (const auto& [options, change] : kCases) {
    RxSpec expected;
    expected.interface = "eth0";
    change(expected);
    const Args args = Args{"rx", "eth0"} + options;
    EXPECT_EQ(parsed<RxSpec>(args), expected) << shown(args);
  }
}

TEST(CliRx, InterfaceIsAnArgumentOrAnOption) {
  for (const Args& args : {Args{"rx", "eth1"}, Args{"rx", "-i", "eth1"},
                           Args{"rx", "--interface", "eth1"}, Args{"rx", "--observe", "eth1"}})
    EXPECT_EQ(parsed<RxSpec>(args).interface, "eth1") << shown(args);
  expect_refused({
      {{"rx"}, {"rx: expected the name of an interface", "rx eth0"}},
      {{"rx", "--duration", "1"}, {"rx: expected the name of an interface"}},
      {{"rx", "eth0", "-i", "eth1"}, {"--interface", "2 times", "once"}},
      {{"rx", "eth0", "eth1"}, {"rx: unexpected argument \"eth1\""}},
      {{"rx", "a/b"}, {"\"a/b\"", "1 to 127"}},
      {{"rx", "eth0", "--sesion", "1"}, {"unknown option --sesion", "did you mean --session"}},
  });
}

TEST(CliRx, BadValuesNameOptionValueAndWhatIsAccepted) {
  const std::vector<BadCase> cases = {
      {{"--mode", "skb"}, {"--mode \"skb\"", "auto|native|generic"}},
      {{"--session", "1a2b3c4"}, {"--session \"1a2b3c4\"", "8 hexadecimal digits", "0x1a2b3c4d"}},
      {{"--session", "1a2b3c4d5"}, {"--session \"1a2b3c4d5\"", "8 hexadecimal digits"}},
      {{"--session", "1a2b3c4g"}, {"--session \"1a2b3c4g\"", "8 hexadecimal digits"}},
      {{"--session", "0x"}, {"--session \"0x\"", "8 hexadecimal digits"}},
      {{"--session", "-1a2b3c4"}, {"--session \"-1a2b3c4\"", "8 hexadecimal digits"}},
      {{"-p", "65536"}, {"--port \"65536\"", "0 to 65535"}},
      {{"-p", "1-9"}, {"--port \"1-9\"", "0 to 65535"}},
      {{"--match", ""}, {"--match \"\": expected a filter", "udp dst port 10000"}},
      {{"--match", "udp or tcp"},
       {"--match \"udp or tcp\": \"or\" is not supported", "its own --match"}},
      {{"--match", "host fe80::1%eth0", "--match", "host fe80::2%eth1"}, {"%eth1", "%eth0"}},
      {{"--match", "host 10.0.0.1%eth0"}, {"a zone is the interface of an IPv6 link-local"}},
      {{"--match", "upd"}, {"--match \"upd\" is not known: expected ip, ip6"}},
      {{"--match", "ip", "--match", "x"}, {"--match \"x\" is not known"}},
      {{"--clock-offset", "x"}, {"--clock-offset \"x\"", "duration"}},
      {{"--clock-offset=--1s"}, {"--clock-offset \"--1s\""}},
      {{"--window", "512"}, {"--window \"512\"", "power of two from 1024 to 1048576", "65536"}},
      {{"--window", "2097152"}, {"--window \"2097152\"", "power of two from 1024 to 1048576"}},
      {{"--window", "64k"}, {"--window \"64k\"", "power of two from 1024 to 1048576"}},
      {{"--window", "4294968320"}, {"--window \"4294968320\"", "power of two"}},
      {{"--window", "x"}, {"--window \"x\"", "power of two"}},
      {{"--streams", "0"}, {"--streams \"0\"", "1 to 65536"}},
      {{"--streams", "65537"}, {"--streams \"65537\"", "1 to 65536"}},
      {{"-n", "x"}, {"--num-packets \"x\"", "number of packets"}},
      {{"--drain", "soon"}, {"--drain \"soon\"", "not a duration"}},
      {{"--duration", "0"}, {"--duration \"0\"", "above zero"}},
      {{"-I", "99ms"}, {"--interval \"99ms\"", "at least 100ms"}},
      {{"--write-pcap", ""}, {"--write-pcap \"\"", "file"}},
      {{"--write-pcap", "x", "--sample", "1/0"}, {"--sample \"1/0\"", "1/1000, first:1000, late"}},
      {{"--write-pcap", "x", "--sample", "late,odd"}, {"--sample \"late,odd\": \"odd\"", "1/1000"}},
      {{"--expect", "loss"}, {"--expect \"loss\": expected a name", "loss<0.001%"}},
      {{"--expect", "rx=1,p99<50"},
       {"--expect \"rx=1,p99<50\": \"p99<50\": expected a time with its unit", "50us"}},
      {{"--expect", "p98<1us"}, {"--expect \"p98<1us\": \"p98\" is not counted", "p99.99"}},
      {{"--expect", ""}, {"--expect \"\": expected a name"}},
      {{"--expect", "rx=1\n"}, {"--expect \"rx=1\\x0a\"", "whole number"}},
      {{"--expect", "rx=1", "--expect", "dup=0"}, {"--expect", "2 times", "once"}},
  };
  for (const auto& bad : cases)
    expect_refused({{Args{"rx", "eth0"} + bad.args, bad.parts}});
}

TEST(CliRx, WhatDoesNotGoTogetherIsRefused) {
  expect_refused({{{"rx", "eth0", "--json", "--json-stream"}, {"--json", "--json-stream"}},
                  {{"rx", "eth0", "--sample", "100"}, {"--sample first:100", "--write-pcap"}}});
}

} // namespace
} // namespace xtg::cli
