// SPDX-License-Identifier: BSD-2-Clause
// The command line of `tcp`.
#include "unit/cli/cli_test.h"

#include <functional>

namespace xtg::cli {
namespace {

using plan::TcpSpec;
using namespace std::chrono_literals;

packet::Ip ip(const char* text) {
  return *packet::Ip::parse(text);
}

struct Case {
  Args options;
  std::function<void(TcpSpec&)> change;
};
using T = TcpSpec;

// One line per option and spelling; the change is against the defaults of tcp_spec.h.
const std::vector<Case> kCases = {
    {{}, [](T&) {}},
    {{"-i", "eth0"}, [](T& t) { t.interface = "eth0"; }},
    {{"--interface", "eth0"}, [](T& t) { t.interface = "eth0"; }},
    {{"-p", "80"}, [](T& t) { t.port = 80; }},
    {{"--port", "65535"}, [](T& t) { t.port = 65535; }},
    {{"--dst-port", "1"}, [](T& t) { t.port = 1; }},
    {{"-4"}, [](T& t) { t.family = packet::Family::V4; }},
    {{"-6"}, [](T& t) { t.family = packet::Family::V6; }},
    {{"-A", "198.18.0.1"}, [](T& t) { t.src_addr = ip("198.18.0.1"); }},
    {{"--src-addr", "2001:db8::1", "-6"},
     [](T& t) { t.src_addr = ip("2001:db8::1"), t.family = packet::Family::V6; }},
    {{"-A", "fe80::1%eth0"}, [](T& t) { t.src_addr = ip("fe80::1"), t.zone = "eth0"; }},
    {{"-P", "65535"}, [](T& t) { t.src_port = 65535; }},
    {{"--src-port", "5536", "--flows", "60000"}, [](T& t) { t.src_port = 5536, t.flows = 60'000; }},
    {{"-t", "1"}, [](T& t) { t.connect_timeout = 1s; }},
    {{"--timeout", "250ms"}, [](T& t) { t.connect_timeout = 250ms; }},
    {{"-f", "8"}, [](T& t) { t.flows = 8; }},
    {{"--flows", "10k"}, [](T& t) { t.flows = 10'000; }},
    {{"--parallel", "1"}, [](T& t) { t.parallel = 1; }},
    {{"-f", "2", "--threads", "2"}, [](T& t) { t.flows = 2, t.threads = 2; }},
    {{"-f", "2", "--cpus", "3,1"},
     [](T& t) {
       t.flows = 2, t.threads = 2, t.cpus = {3, 1};
     }},
    {{"--via", "tc"}, [](T& t) { t.via = plan::TxPath::Tc; }},
    {{"--ingress", "auto"}, [](T&) {}},
    {{"--ingress", "xdp"}, [](T& t) { t.ingress = plan::Ingress::Xdp; }},
    {{"--ingress", "tc"}, [](T& t) { t.ingress = plan::Ingress::Tc; }},
    {{"-m", "native"}, [](T& t) { t.ingress = plan::Ingress::Xdp; }},
    {{"--mode", "skb"}, [](T& t) { t.ingress = plan::Ingress::Tc; }},
    {{"--congestion", "none"}, [](T&) {}},
    {{"--congestion", "reno"}, [](T& t) { t.congestion = plan::Congestion::Reno; }},
    {{"--congestion", "cubic"}, [](T& t) { t.congestion = plan::Congestion::Cubic; }},
    {{"--rate", "1kpps"},
     [](T& t) {
       t.rate.rate = {Rate::Unit::Pps, 1e3};
     }},
    {{"--rate", "1Gbps", "--rate-layer", "l3"},
     [](T& t) {
       t.rate = {{Rate::Unit::Bps, 1e9}, Layer::L3, 1};
     }},
    {{"--burst", "64"}, [](T& t) { t.burst = 64; }},
    {{"--burst", "1"}, [](T& t) { t.burst = 1; }},
    {{"--mss", "88"}, [](T& t) { t.mss = 88; }},
    {{"-l", "1"}, [](T& t) { t.hop_limit = 1; }},
    {{"--hop-limit", "255"}, [](T& t) { t.hop_limit = 255; }},
    {{"--tos", "0xb8"}, [](T& t) { t.tos = 0xb8; }},
    {{"--bytes", "1G"}, [](T& t) { t.bytes = 1'000'000'000; }},
    {{"--bytes", "0"}, [](T&) {}},
    {{"--bytes-per-flow", "64k"}, [](T& t) { t.bytes_per_flow = 64'000; }},
    {{"-n", "1.5M"}, [](T& t) { t.num_packets = 1'500'000; }},
    {{"--num-packets", "0"}, [](T&) {}},
    {{"--duration", "2m"}, [](T& t) { t.duration = 120s; }},
    {{"--payload", "zeros"}, [](T&) {}},
    {{"--payload", "pattern"}, [](T& t) { t.payload = plan::TcpPayload::Pattern; }},
    {{"--payload-file", "a b"},
     [](T& t) { t.payload = plan::TcpPayload::File, t.payload_file = "a b"; }},
    {{"--payload-file", "f", "--repeat"},
     [](T& t) { t.payload = plan::TcpPayload::File, t.payload_file = "f", t.repeat = true; }},
    {{"--close", "fin"}, [](T&) {}},
    {{"--close", "rst"}, [](T& t) { t.close = plan::TcpClose::Rst; }},
    {{"--close", "keep-open"}, [](T& t) { t.close = plan::TcpClose::KeepOpen; }},
    {{"--drain", "1ms"}, [](T& t) { t.drain = 1ms; }},
    {{"--silence", "10"}, [](T& t) { t.silence = 10s; }},
    {{"-I", "100ms"}, [](T& t) { t.interval = 100ms; }},
    {{"--interval", "2"}, [](T& t) { t.interval = 2s; }},
    {{"--json"}, [](T& t) { t.output.json = true; }},
    {{"--json-stream"}, [](T& t) { t.output.json_stream = true; }},
    {{"--quiet"}, [](T& t) { t.output.quiet = true; }},
    {{"-v"}, [](T& t) { t.output.verbose = true; }},
    {{"--verbose"}, [](T& t) { t.output.verbose = true; }},
    {{"--allow-default-route"}, [](T& t) { t.allow_default_route = true; }},
    {{"--allow-public"}, [](T& t) { t.allow_public = true; }},
    {{"--fix"}, [](T& t) { t.fix = true; }},
    {{"--dry-run"}, [](T& t) { t.dry_run = true; }},
};

TEST(CliTcp, EveryOptionSetsItsPartOfTheSpec) {
  for (const auto& [options, change] : kCases) {
    TcpSpec expected;
    expected.host = "server1";
    change(expected);
    const Args args = Args{"tcp"} + options + Args{"server1"};
    TcpSpec got = parsed<TcpSpec>(args);
    got.notes.clear(); // of short options that iperf3 has, too
    EXPECT_EQ(got, expected) << shown(args);
  }
}

TEST(CliTcp, HostIsANameOrAnAddress) {
  for (const char* host : {"server1", "a-b.example.org.", "_x", "198.18.0.2", "2001:db8::1", "::1"})
    EXPECT_EQ(parsed<TcpSpec>({"tcp", host}).host, host);
  for (const std::string host :
       {"", "a b", "http://x", "[::1]", "198.18.0.2:80", "a,b", "2001:db8::1/64"})
    expect_refused({{{"tcp", host}, {"host \"" + host + "\"", "198.18.0.2", "--port"}}});
  const TcpSpec zoned = parsed<TcpSpec>({"tcp", "fe80::1%eth0"});
  EXPECT_EQ(zoned.host, "fe80::1");
  EXPECT_EQ(zoned.zone, "eth0");
  expect_refused({{{"tcp", "2001:db8::1%eth0"}, {"host \"2001:db8::1%eth0\"", "fe80::1%eth0"}},
                  {{"tcp", "server1%eth0"}, {"host \"server1%eth0\"", "fe80::1%eth0"}}});
  expect_refused({{{"tcp", std::string(254, 'a')}, {"host", "name or the address"}},
                  {{"tcp"}, {"tcp: expected HOST", "tcp 198.18.0.2"}},
                  {{"tcp", "-p", "80"}, {"tcp: expected HOST"}},
                  {{"tcp", "a", "b"}, {"tcp: unexpected argument \"b\""}},
                  {{"tcp", "a", "--flow", "2"}, {"unknown option --flow", "did you mean --flows"}},
                  {{"tcp", "a", "-5"}, {"unknown option -5"}},
                  {{"tcp", "-5", "a"}, {"unknown option -5"}}});
}

TEST(CliTcp, BadValuesNameOptionValueAndWhatIsAccepted) {
  const std::vector<BadCase> cases = {
      {{"-i", "a/b"}, {"--interface \"a/b\"", "1 to 127"}},
      {{"-p", "0"}, {"--port \"0\"", "1 to 65535"}},
      {{"--dst-port", "65536"}, {"--port \"65536\"", "1 to 65535"}},
      {{"-A", "198.18.0.1-198.18.0.9"}, {"--src-addr \"198.18.0.1-198.18.0.9\"", "192.0.2.1"}},
      {{"-P", "0"}, {"--src-port \"0\"", "1 to 65535"}},
      {{"-t", "0"}, {"--timeout \"0\"", "above zero"}},
      {{"-f", "0"}, {"--flows \"0\"", "1 to 60000"}},
      {{"-f", "60001"}, {"--flows \"60001\"", "1 to 60000"}},
      {{"--parallel", "0"}, {"--parallel \"0\"", "1 to 60000"}},
      {{"--threads", "65"}, {"--threads \"65\"", "1 to 64"}},
      {{"--cpus", "1,1"}, {"--cpus \"1,1\"", "0,2-5"}},
      {{"--via", "receive"}, {"--via \"receive\"", "auto|xdp|tc"}},
      {{"--ingress", "skb"}, {"--ingress \"skb\"", "auto|xdp|tc"}},
      {{"--mode", "xdp"}, {"--mode \"xdp\"", "native|skb"}},
      {{"--congestion", "bbr"}, {"--congestion \"bbr\"", "none|reno|cubic"}},
      {{"--rate", "10G"}, {"--rate \"10G\"", "pps", "bps"}},
      {{"--burst", "0"}, {"--burst \"0\"", "1 to 64"}},
      {{"--burst", "65"}, {"--burst \"65\"", "1 to 64"}},
      {{"--mss", "87"}, {"--mss \"87\"", "88 to 3354"}},
      {{"--mss", "3355"}, {"--mss \"3355\"", "88 to 3354"}},
      {{"-l", "0"}, {"--hop-limit \"0\"", "1 to 255"}},
      {{"--tos", "0xb9"}, {"--tos \"0xb9\"", "ECN", "multiple of 4"}},
      {{"--tos", "2"}, {"--tos \"2\"", "ECN", "multiple of 4"}},
      {{"--tos", "256"}, {"--tos \"256\"", "0 to 255"}},
      {{"--bytes", "1.5"}, {"--bytes \"1.5\"", "number of bytes", "64k"}},
      {{"--bytes-per-flow", "-1"}, {"--bytes-per-flow \"-1\"", "number of bytes"}},
      {{"-n", "x"}, {"--num-packets \"x\"", "number of packets"}},
      {{"--duration", "0"}, {"--duration \"0\"", "above zero"}},
      {{"--payload", "random"}, {"--payload \"random\"", "zeros|pattern"}},
      {{"--payload-file", ""}, {"--payload-file \"\"", "file"}},
      {{"--close", "now"}, {"--close \"now\"", "fin|rst|keep-open"}},
      {{"--drain", "0"}, {"--drain \"0\"", "above zero"}},
      {{"--silence", "0"}, {"--silence \"0\"", "above zero"}},
      {{"-I", "99ms"}, {"--interval \"99ms\"", "at least 100ms"}},
  };
  for (const auto& bad : cases)
    expect_refused({{Args{"tcp", "server1"} + bad.args, bad.parts}});
}

TEST(CliTcp, WhatDoesNotGoTogetherIsRefused) {
  const std::vector<BadCase> cases = {
      {{"-4", "-6"}, {"-4", "-6", "one of the two"}},
      {{"-4", "-A", "2001:db8::1"}, {"--src-addr 2001:db8::1", "IPv4", "-4"}},
      {{"-6", "-A", "198.18.0.1"}, {"--src-addr 198.18.0.1", "IPv6", "-6"}},
      {{"-P", "65535", "-f", "2"}, {"--src-port 65535", "2 flows", "1 ports"}},
      {{"--threads", "2"}, {"--threads 2", "1 flow", "--flows"}},
      {{"--cpus", "0,1"}, {"--threads 2", "--flows"}},
      {{"-f", "9", "--cpus", "0,1", "--threads", "3"}, {"--threads 3", "2 CPUs"}},
      {{"--ingress", "tc", "-m", "skb"}, {"--ingress", "--mode"}},
      {{"--bytes", "1", "--bytes-per-flow", "2"},
       {"--bytes 1", "--bytes-per-flow 2", "one amount"}},
      {{"--bytes", "1", "-n", "2"}, {"--bytes 1", "--num-packets 2", "one amount"}},
      {{"--bytes-per-flow", "1", "-n", "2"}, {"--bytes-per-flow 1", "--num-packets 2"}},
      {{"--repeat"}, {"--repeat", "--payload-file"}},
      {{"--payload", "zeros", "--payload-file", "f"}, {"--payload", "--payload-file"}},
      {{"--payload-file", "f", "-n", "5"}, {"--num-packets 5", "--payload-file", "--repeat"}},
      {{"--rate-layer", "l2"}, {"--rate-layer l2", "max"}},
      {{"--rate", "1kpps", "--rate-layer", "l2"}, {"--rate-layer l2", "1kpps"}},
      {{"--json", "--json-stream"}, {"--json", "--json-stream"}},
      {{"-p", "1", "--dst-port", "2"}, {"--port", "2 times"}},
  };
  for (const auto& bad : cases)
    expect_refused({{Args{"tcp", "server1"} + bad.args, bad.parts}});
}

} // namespace
} // namespace xtg::cli
