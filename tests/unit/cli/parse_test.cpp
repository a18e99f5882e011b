// SPDX-License-Identifier: BSD-2-Clause
// Command lines to specs: what every option sets, and what every bad one is told.
#include "unit/cli/cli_test.h"

#include <functional>

#include "xtg/abi/base.h"

namespace xtg::cli {
namespace {

using plan::DemoSpec;
using plan::ProbeSpec;
using plan::TestSpec;

static_assert(plan::kMaxThreads == XTG_MAX_WORKERS);

TestSpec run(const std::function<void(TestSpec&, plan::StreamSpec&)>& change) {
  TestSpec spec;
  spec.ports.push_back({"eth0", {plan::StreamSpec{}}});
  change(spec, spec.ports[0].streams[0]);
  return spec;
}

struct UdpCase {
  Args options;
  std::function<void(TestSpec&, plan::StreamSpec&)> change;
};

packet::MacRange macs(const char* text) {
  return *packet::MacRange::parse(text);
}
packet::IpRange ips(const char* text) {
  return *packet::IpRange::parse(text);
}

using R = TestSpec;
using S = plan::StreamSpec;
using namespace std::chrono_literals;

// One line per option and spelling; the change is against the defaults of spec.h.
const std::vector<UdpCase> kUdpCases = {
    {{}, [](R&, S&) {}},
    {{"-m", "02:00:00:00:00:01"}, [](R&, S& s) { s.dst_mac = macs("02:00:00:00:00:01"); }},
    {{"--dst-mac", "02:00:00:00:00:01-02:00:00:00:00:04"},
     [](R&, S& s) {
       s.dst_mac = packet::MacRange{macs("02:00:00:00:00:01").first, 4};
     }},
    {{"-M", "02:00:00:00:00:02"}, [](R&, S& s) { s.src_mac = macs("02:00:00:00:00:02"); }},
    {{"--src-mac=02:00:00:00:00:02"}, [](R&, S& s) { s.src_mac = macs("02:00:00:00:00:02"); }},
    {{"-a", "198.18.0.1"}, [](R&, S& s) { s.dst_addr = ips("198.18.0.1"); }},
    {{"-a", "fe80::1%eth0"}, [](R&, S& s) { s.dst_addr = ips("fe80::1"), s.zone = "eth0"; }},
    {{"-a", "ff02::1%eth0", "-A", "fe80::9%eth0"},
     [](R&, S& s) { s.dst_addr = ips("ff02::1"), s.src_addr = ips("fe80::9"), s.zone = "eth0"; }},
    {{"-a", "fe80::1%eth0-fe80::5%eth0"},
     [](R&, S& s) { s.dst_addr = ips("fe80::1-fe80::5"), s.zone = "eth0"; }},
    {{"-a", "fe80::%vlan-7/126"},
     [](R&, S& s) { s.dst_addr = ips("fe80::-fe80::3"), s.zone = "vlan-7"; }},
    {{"--dst-addr", "2001:2::/120"}, [](R&, S& s) { s.dst_addr = ips("2001:2::-2001:2::ff"); }},
    {{"-A", "198.18.0.2"}, [](R&, S& s) { s.src_addr = ips("198.18.0.2"); }},
    {{"--src-addr", "198.18.0.2-198.18.0.9"},
     [](R&, S& s) {
       s.src_addr = packet::IpRange{ips("198.18.0.2").first, 8};
     }},
    {{"-p", "7"},
     [](R&, S& s) {
       s.dst_port = {7, 1};
     }},
    {{"--dst-port", "1000-1009"},
     [](R&, S& s) {
       s.dst_port = {1000, 10};
     }},
    {{"-P", "9"},
     [](R&, S& s) {
       s.src_port = {9, 1};
     }},
    {{"--src-port", "1-65535"},
     [](R&, S& s) {
       s.src_port = {1, 65535};
     }},
    {{"-d", "10"}, [](R&, S& s) { s.dyn_ports = 10; }},
    {{"--dyn-ports", "100", "--dst-port", "5000"},
     [](R&, S& s) {
       s.dyn_ports = 100, s.dst_port = {5000, 1};
     }},
    {{"-l", "1"}, [](R&, S& s) { s.hop_limit = 1; }},
    {{"--hop-limit", "255"}, [](R&, S& s) { s.hop_limit = 255; }},
    {{"--tos", "255"}, [](R&, S& s) { s.tos = 255; }},
    {{"--tos", "0xb8"}, [](R&, S& s) { s.tos = 0xb8; }},
    {{"-s", "128"}, [](R&, S& s) { s.frame_size = 128; }},
    {{"--pkt-size", "1518"}, [](R&, S& s) { s.frame_size = 1518; }},
    {{"--pkt-size", "9220"}, [](R&, S& s) { s.frame_size = 9220; }},
    {{"--payload", "zeros"}, [](R&, S& s) { s.payload = packet::Payload::Zeros; }},
    {{"--payload", "pattern"}, [](R&, S& s) { s.payload = packet::Payload::Pattern; }},
    {{"--payload", "random"}, [](R&, S& s) { s.payload = packet::Payload::Random; }},
    {{"--payload", "text"}, [](R&, S& s) { s.payload = packet::Payload::Text; }},
    {{"--no-udp-checksum"}, [](R&, S& s) { s.udp_checksum = false; }},
    {{"--pkt-size", "imix"},
     [](R&, S& s) { s.frame_size = packet::SizeLaw::parse("imix").value(); }},
    {{"--vlan", "200", "--vlan", "100-199:5"},
     [](R&, S& s) {
       s.vlans = {{.first = 200}, {.first = 100, .count = 100, .priority = 5}};
     }},
    {{"--vlan", "7", "--tpid", "0x88a8,0x8100"},
     [](R&, S& s) {
       s.vlans = {{.first = 7}};
       s.tpids = {0x88a8, 0x8100};
     }},
    {{"--flows", "1024", "--flow-packets", "8"},
     [](R&, S& s) {
       s.flow = {1024, 8};
     }},
    {{"--dst-port", "10-20/5"},
     [](R&, S& s) {
       s.dst_port = {10, 3, 5};
     }},
    {{"--tos", "0-252/4"}, [](R&, S& s) { s.tos = packet::ByteRange::parse("0-252/4").value(); }},
    {{"--vary", "together"}, [](R&, S& s) { s.vary = packet::Vary::Together; }},
    {{"--vary", "product"}, [](R&, S& s) { s.vary = packet::Vary::Product; }},
    {{"--vary", "random"}, [](R&, S& s) { s.vary = packet::Vary::Random; }},
    {{"--seed", "18446744073709551615"}, [](R&, S& s) { s.seed = ~std::uint64_t{0}; }},
    {{"--no-signature"}, [](R&, S& s) { s.signature = false; }},
    {{"--stamp", "each"}, [](R&, S& s) { s.stamp = plan::Stamp::Each; }},
    {{"--clock", "tai"}, [](R&, S& s) { s.clock = plan::StampClock::Tai; }},
    {{"--clock", "monotonic"}, [](R&, S& s) { s.clock = plan::StampClock::Monotonic; }},
    {{"--announce"}, [](R& r, S&) { r.announce = true; }},
    {{"--session", "0x1a2B3c4d"}, [](R& r, S&) { r.run_id = 0x1a2b3c4d; }},
    {{"--stamp", "batch"}, [](R&, S& s) { s.stamp = plan::Stamp::Batch; }},
    {{"--round-trip"}, [](R&, S& s) { s.round_trip = true; }},
    {{"-n", "10k"}, [](R&, S& s) { s.num_packets = 10'000; }},
    {{"-n1"}, [](R&, S& s) { s.num_packets = 1; }},
    {{"--num-packets", "0"}, [](R&, S& s) { s.num_packets = std::nullopt; }},
    {{"--duration", "2m"}, [](R& r, S&) { r.duration = 120s; }},
    {{"--duration", "0.5"}, [](R& r, S&) { r.duration = 500ms; }},
    {{"--rate", "max"}, [](R&, S&) {}},
    {{"--rate", "1.5Mpps"},
     [](R&, S& s) {
       s.rate.rate = {Rate::Unit::Pps, 1.5e6};
     }},
    {{"--rate", "10Gbps"},
     [](R&, S& s) {
       s.rate.rate = {Rate::Unit::Bps, 1e10};
     }},
    {{"--rate", "1Gbps", "--rate-layer", "l3"},
     [](R&, S& s) {
       s.rate = {{Rate::Unit::Bps, 1e9}, Layer::L3, 1};
     }},
    {{"--rate-layer", "l2", "--rate", "1Gbps"},
     [](R&, S& s) {
       s.rate = {{Rate::Unit::Bps, 1e9}, Layer::L2, 1};
     }},
    {{"--rate", "1Gbps", "--rate-layer", "l1"},
     [](R&, S& s) {
       s.rate = {{Rate::Unit::Bps, 1e9}, Layer::L1, 1};
     }},
    {{"--rate", "1kpps", "--burst", "256"},
     [](R&, S& s) {
       s.rate = {{Rate::Unit::Pps, 1e3}, Layer::L1, 256};
     }},
    {{"--via", "tc"}, [](R& r, S&) { r.ports[0].via = plan::TxPath::Tc; }},
    {{"--pace", "auto"}, [](R& r, S&) { r.ports[0].pace = plan::Pace::Auto; }},
    {{"--pace", "busy"}, [](R& r, S&) { r.ports[0].pace = plan::Pace::Busy; }},
    {{"-t", "64"}, [](R& r, S&) { r.ports[0].threads = 64; }},
    {{"--threads", "2"}, [](R& r, S&) { r.ports[0].threads = 2; }},
    {{"--cpus", "0,4-6"},
     [](R& r, S&) {
       r.ports[0].cpus = {0, 4, 5, 6}, r.ports[0].threads = 4;
     }},
    {{"--cpus", "3,1", "-t", "2"},
     [](R& r, S&) {
       r.ports[0].cpus = {3, 1}, r.ports[0].threads = 2;
     }},
    {{"--allow-default-route"}, [](R& r, S&) { r.allow_default_route = true; }},
    {{"--allow-public"}, [](R& r, S&) { r.allow_public = true; }},
    {{"--fix"}, [](R& r, S&) { r.fix = true; }},
    {{"-I", "10"}, [](R& r, S&) { r.interval = 10s; }},
    {{"--interval", "100ms"}, [](R& r, S&) { r.interval = 100ms; }},
    {{"--json"}, [](R& r, S&) { r.output.json = true; }},
    {{"--json-stream"}, [](R& r, S&) { r.output.json_stream = true; }},
    {{"--prometheus", "9101"},
     [](R& r, S&) {
       r.output.prometheus = packet::ListenAddress{packet::Ip::parse("127.0.0.1").value(), 9101};
     }},
    {{"--report", "r.html"}, [](R& r, S&) { r.output.report_path = "r.html"; }},
    {{"--quiet"}, [](R& r, S&) { r.output.quiet = true; }},
    {{"-v"}, [](R& r, S&) { r.output.verbose = true; }},
    {{"-vv"}, [](R& r, S&) { r.output.verbose = true; }},
    {{"--verbose"}, [](R& r, S&) { r.output.verbose = true; }},
    {{"--dry-run"}, [](R& r, S&) { r.dry_run = true; }},
    {{"--dry-run", "--show-frames", "0"}, [](R& r, S&) { r.dry_run = true, r.dry_run_frames = 0; }},
    {{"--write-pcap", "a.pcap"}, [](R& r, S&) { r.pcap_path = "a.pcap"; }},
    {{"--write-pcap", "a.pcap", "--show-frames", "3"},
     [](R& r, S&) { r.pcap_path = "a.pcap", r.dry_run_frames = 3; }},
};

TEST(CliUdp, EveryOptionSetsItsPartOfTheSpec) {
  for (const auto& [options, change] : kUdpCases) {
    const Args args = Args{"udp", "eth0"} + options;
    EXPECT_EQ(parsed<TestSpec>(args), run(change)) << shown(args);
  }
}

TEST(CliUdp, ManyOptionsAtOnce) {
  const TestSpec spec =
      parsed<TestSpec>({"udp", "-a", "198.18.0.0/24", "-p", "1000-1999", "--vary", "product", "-s",
                        "512", "--rate", "1Mpps", "-t", "2", "veth0"});
  TestSpec expected = run([](R& r, S& s) {
    r.ports[0].interface = "veth0";
    r.ports[0].threads = 2;
    s.dst_addr = ips("198.18.0.0/24");
    s.dst_port = {1000, 1000};
    s.vary = packet::Vary::Product;
    s.frame_size = 512;
    s.rate.rate = {Rate::Unit::Pps, 1e6};
  });
  EXPECT_EQ(spec, expected);
}

TEST(CliUdp, InterfaceIsAnArgumentOrAnOptionOrFoundByTheRoute) {
  const TestSpec plain = run([](R&, S&) {});
  EXPECT_EQ(parsed<TestSpec>({"udp", "-i", "eth0"}), plain);
  EXPECT_EQ(parsed<TestSpec>({"udp", "--interface", "eth0"}), plain);
  EXPECT_EQ(parsed<TestSpec>({"udp", "--", "eth0"}), plain);
  EXPECT_EQ(parsed<TestSpec>({"udp", "-a", "198.18.0.1"}).ports[0].interface, "");
  EXPECT_NE(refused({"udp"}).find("--dst-addr"), std::string::npos);
}

TEST(CliUdp, BadValuesNameOptionValueAndWhatIsAccepted) {
  const std::vector<BadCase> cases = {
      {{"-m", "02:00"}, {"--dst-mac \"02:00\"", "02:00:00:00:00:01"}},
      {{"-M", "nothing"}, {"--src-mac \"nothing\"", "02:00:00:00:00:01"}},
      {{"-a", "198.18.0"}, {"--dst-addr \"198.18.0\"", "192.0.2.1"}},
      {{"-a", "[::1]"}, {"--dst-addr \"[::1]\"", "192.0.2.1"}},
      {{"-A", "2001:db8::1%eth0"}, {"--src-addr \"2001:db8::1%eth0\"", "fe80::1%eth0"}},
      {{"-a", "198.18.0.1%eth0"}, {"--dst-addr \"198.18.0.1%eth0\"", "fe80::1%eth0"}},
      {{"-a", "fe80::1%"}, {"--dst-addr \"fe80::1%\"", "fe80::1%eth0"}},
      {{"-a", "fe80::1%eth0", "-A", "fe80::2%eth1"}, {"--src-addr", "%eth0"}},
      {{"-p", "65536"}, {"--dst-port \"65536\"", "0 to 65535"}},
      {{"-P", "-1"}, {"--src-port \"-1\"", "0 to 65535"}},
      {{"-d", "65536"}, {"--dyn-ports \"65536\"", "0 to 65535"}},
      {{"-l", "0"}, {"--hop-limit \"0\"", "1 to 255"}},
      {{"-l", "256"}, {"--hop-limit \"256\"", "1 to 255"}},
      {{"--tos", "256"}, {"--tos \"256\"", "0 to 255", "0xff"}},
      {{"--tos", "0x"}, {"--tos \"0x\"", "0 to 255"}},
      {{"-s", "63"}, {"--pkt-size \"63\"", "64", "66", "9220", "FCS"}},
      {{"-s", "9221"}, {"--pkt-size \"9221\"", "9220", "3412", "--via tc"}},
      {{"-s", "big"}, {"--pkt-size \"big\"", "9220"}},
      {{"--payload", "ones"}, {"--payload \"ones\"", "zeros|pattern|random|text"}},
      {{"--vary", "rand"}, {"--vary \"rand\"", "together|product|random"}},
      {{"--seed", "-5"}, {"--seed \"-5\"", "from 0 to 18446744073709551615"}},
      {{"--clock", "utc"}, {"--clock \"utc\"", "monotonic|tai"}},
      {{"--stamp", "never"}, {"--stamp \"never\"", "batch|each"}},
      {{"-n", "1.5"}, {"--num-packets \"1.5\"", "1000"}},
      {{"--duration", "0"}, {"--duration \"0\"", "above zero", "500ms"}},
      {{"--duration", "10x"}, {"--duration \"10x\"", "500ms"}},
      {{"--rate", "10G"}, {"--rate \"10G\"", "pps", "bps", "max"}},
      {{"--rate", "1kpps", "--rate-layer", "l4"}, {"--rate-layer \"l4\"", "l1|l2|l3"}},
      {{"--rate", "1kpps", "--burst", "0"}, {"--burst \"0\"", "1 to 256"}},
      {{"--rate", "1kpps", "--burst", "257"}, {"--burst \"257\"", "1 to 256"}},
      {{"--via", "ndo"}, {"--via \"ndo\"", "auto|xdp|tc|receive"}},
      {{"--pace", "lazy"}, {"--pace \"lazy\"", "auto|busy"}},
      {{"-t", "0"}, {"--threads \"0\"", "1 to 64"}},
      {{"-t", "65"}, {"--threads \"65\"", "1 to 64"}},
      {{"--cpus", "1,1"}, {"--cpus \"1,1\"", "0,2-5"}},
      {{"--cpus", "0-64"}, {"--cpus \"0-64\"", "65 CPUs", "64"}},
      {{"-I", "0"}, {"--interval \"0\"", "at least 100ms"}},
      {{"-I", "99ms"}, {"--interval \"99ms\"", "at least 100ms"}},
      {{"--dry-run", "--show-frames", "1000001"}, {"--show-frames \"1000001\"", "0 to 1000000"}},
      {{"--write-pcap", ""}, {"--write-pcap \"\"", "file"}},
      {{"--write-pcap="}, {"--write-pcap \"\"", "empty"}},
  };
  for (const auto& bad : cases)
    expect_refused({{Args{"udp", "eth0"} + bad.args, bad.parts}});
  expect_refused({{{"udp", "-i", "a/b"}, {"--interface \"a/b\"", "1 to 127"}},
                  {{"udp", std::string(128, 'a')}, {"--interface \"aaaa", "1 to 127"}},
                  {{"udp", "--interface=-4"}, {"--interface \"-4\"", "1 to 127"}},
                  {{"udp", ""}, {"--interface \"\"", "1 to 127"}}});
}

TEST(CliUdp, WhatDoesNotGoTogetherIsRefused) {
  const std::vector<BadCase> cases = {
      {{"--json", "--json-stream"}, {"--json", "--json-stream"}},
      {{"--dyn-ports", "5", "-p", "1-9"}, {"--dyn-ports 5", "--dst-port \"1-9\""}},
      {{"--dyn-ports", "5", "-p", "65532"}, {"--dyn-ports 5", "--dst-port 65532", "at most 4"}},
      {{"--rate", "1kpps", "--rate-layer", "l2"}, {"--rate-layer l2", "1kpps", "bits"}},
      {{"--rate-layer", "l2"}, {"--rate-layer l2", "max"}},
      {{"--burst", "4"}, {"--burst 4", "--rate"}},
      {{"--rate", "max", "--burst", "4"}, {"--burst 4", "--rate"}},
      {{"--cpus", "0-3", "-t", "2"}, {"--threads 2", "--cpus", "4 CPUs"}},
      {{"--no-signature", "--clock", "tai"}, {"--no-signature", "--clock tai"}},
      {{"--no-signature", "--announce"}, {"--no-signature", "--announce"}},
      {{"--no-signature", "--session", "1a2b3c4d"}, {"--no-signature", "--session"}},
      {{"--announce", "--key", "/dev/null"}, {"--key \"/dev/null\"", "not a regular file"}},
      {{"--announce", "--key", "/nonexistent"}, {"--key", "No such file"}},
      {{"--no-signature", "--stamp", "each"}, {"--no-signature", "--stamp each"}},
      {{"--no-signature", "--round-trip"}, {"--no-signature", "--round-trip"}},
      {{"--show-frames", "5"}, {"--show-frames 5", "--dry-run", "--write-pcap"}},
      {{"-i", "eth1"}, {"--interface", "\"eth0\"", "\"eth1\"", "once"}},
      {{"--rate", "1kpps", "--rate", "2kpps"}, {"--rate", "2 times", "once"}},
  };
  for (const auto& bad : cases)
    expect_refused({{Args{"udp", "eth0"} + bad.args, bad.parts}});
  // The edge beside the refused one.
  EXPECT_EQ(
      parsed<TestSpec>({"udp", "eth0", "-d", "4", "-p", "65532"}).ports[0].streams[0].dyn_ports,
      4U);
}

TEST(Cli, UnknownWordsAreNamed) {
  expect_refused({
      {{}, {"no command", "udp", "tcp", "rx", "reflect", "probe", "demo", "report", "completion"}},
      {{"upd"},
       {"\"upd\"",
        "udp, tcp, rx, reflect, tcp-sink, search, probe, demo, serve, report, completion"}},
      {{"eth0", "udp"}, {"unknown command \"eth0\""}},
      {{"sctp"}, {"\"sctp\"", "expected one of udp"}},
      {{"--frobnicate"}, {"--frobnicate"}},
      {{"--json", "udp", "eth0"}, {"--json", "after the command"}},
      {{"udp", "eth0", "--rat", "1kpps"}, {"udp", "unknown option --rat", "did you mean --rate"}},
      {{"udp", "eth0", "--dura=5"}, {"unknown option --dura", "did you mean --duration"}},
      {{"udp", "eth0", "-x"}, {"unknown option -x"}},
      {{"udp", "-5", "eth0"}, {"udp: unknown option -5"}},
      {{"udp", "eth0", "--json", "-56"}, {"udp: unknown option -56"}},
      {{"udp", "eth0", "--dry-run", "--report", "r.html"}, {"--report", "--dry-run"}},
      {{"tcp", "192.0.2.1", "--dry-run", "--report", "-"}, {"--report", "--dry-run"}},
      {{"udp", "eth0", "--write-pcap", "-", "--report", "-"}, {"--report -", "standard output"}},
      {{"rx", "eth0", "--write-pcap", "-", "--report", "-"}, {"--report -", "standard output"}},
      {{"udp", "eth0", "--queues", "0"}, {"--queues \"0\"", "queue 3 alone: 3-3"}},
      {{"udp", "eth0", "--dry-run", "--write-pcap", "-4"},
       {"--write-pcap \"-4\"", "an option", "./-4"}},
      {{"udp", "eth0", "--no-\x1b[2J"}, {"udp: unknown option --no-\\x1b[2J"}},
      {{"xsk-udp", "-m", "1"}, {"unknown command \"xsk-udp\"", "expected one of udp"}},
      {{"upd", "eth0"}, {"unknown command \"upd\"; did you mean udp?"}},
      {{"udp", "eth0", "--zzzzzz"}, {"unknown option --zzzzzz"}},
      {{"udp", "eth0", "eth1"}, {"unexpected argument \"eth1\""}},
      {{"demo", "ls"}, {"unexpected argument \"ls\"", "after --"}},
      {{"udp", "eth0", "--rate"}, {"--rate", "value is missing", "RATE"}},
      {{"udp", "eth0", "--json=1"}, {"--json", "no value"}},
      {{"udp", "eth0", "--a\nb"}, {"--a\\x0ab"}},
      {{"udp", "eth0", "--rate", "1\n2"}, {"--rate", "1\\x0a2"}},
      {{"probe", "--rate", "1kpps"}, {"probe: unknown option --rate"}},
      {{"completion"}, {"completion", "bash, zsh or fish"}},
      {{"completion", "tcsh"}, {"completion \"tcsh\"", "bash, zsh or fish"}},
  });
}

TEST(Cli, OnlyWhatIsCloseIsSuggested) {
  for (const auto& [typed, meant] : {std::pair{"--imix", ""},
                                     {"--ratw", "--rate"},
                                     {"--raet", "--rate"},
                                     {"-rate", "--rate"},
                                     {"--pkt_size", "--pkt-size"},
                                     {"--durtaoin", "--duration"},
                                     {"--xyz", ""},
                                     {"--fxi", "--fix"}}) {
    const std::string message = refused({"udp", "eth0", typed});
    const std::string end = *meant == '\0' ? "" : std::string("; did you mean ") + meant + "?";
    EXPECT_EQ(message, std::string("udp: unknown option ") + typed + end);
  }
}

TEST(Cli, AnAlternativeNameIsAnInterfaces) {
  const std::string name(127, 'n');
  EXPECT_EQ(parsed<TestSpec>({"udp", "-i", name}).ports[0].interface, name);
  EXPECT_EQ(parsed<TestSpec>({"udp", "-a", "fe80::1%" + name}).ports[0].streams[0].zone, name);
  EXPECT_EQ(parsed<plan::TcpSpec>({"tcp", "fe80::1%" + name}).zone, name);
  EXPECT_EQ(parsed<plan::TcpSpec>({"tcp", "a", "-i", name}).interface, name);
  EXPECT_EQ(parsed<plan::RxSpec>({"rx", name}).interface, name);
  EXPECT_EQ(parsed<plan::ReflectSpec>({"reflect", name}).interface, name);
  EXPECT_EQ(parsed<plan::ProbeSpec>({"probe", name}).interface, name);
  const auto ends =
      parsed<TestSpec>({"udp", name, "--rx", name, "--expect", "rx@" + name + "=1/1"});
  EXPECT_EQ(ends.ports[0].interface, name);
  EXPECT_EQ(ends.expect[0].port, name);
  EXPECT_EQ(parsed<TestSpec>({"udp", "--port", name}).ports[0].interface, name);
}

TEST(CliUdp, LongOptionsAreNotAbbreviated) {
  // Every start of an option's name that is not itself an option.
  for (const char* cut : {"--dst", "--dst-ma", "--jso", "--json-s", "--dry", "--allow", "--see"})
    EXPECT_NE(refused({"udp", "eth0", cut, "1"}).find(std::string("unknown option ") + cut),
              std::string::npos);
}

TEST(CliProbe, Options) {
  EXPECT_EQ(parsed<ProbeSpec>({"probe"}), ProbeSpec{});
  EXPECT_EQ(parsed<ProbeSpec>({"probe", "--json"}), (ProbeSpec{.interface = "", .json = true}));
  const ProbeSpec eth0{.interface = "eth0", .json = false};
  EXPECT_EQ(parsed<ProbeSpec>({"probe", "eth0"}), eth0);
  EXPECT_EQ(parsed<ProbeSpec>({"probe", "-i", "eth0"}), eth0);
  EXPECT_EQ(parsed<ProbeSpec>({"probe", "--interface=eth0"}), eth0);
  expect_refused({{{"probe", "-i", "a b"}, {"--interface \"a b\"", "1 to 127"}}});
}

TEST(CliReport, Options) {
  using plan::ReportSpec;
  EXPECT_EQ(parsed<ReportSpec>({"report", "a.json"}), (ReportSpec{{"a.json"}, "-"}));
  EXPECT_EQ(parsed<ReportSpec>({"report", "a.json", "-o", "r.html", "-", "b.json"}),
            (ReportSpec{{"a.json", "-", "b.json"}, "r.html"}));
  expect_refused({{{"report"}, {"report: expected files"}},
                  {{"report", "a", "-o", "/"}, {"-o", "\"/\"", "not a regular file"}}});
}

TEST(CliDemo, EveryOptionSetsItsPartOfTheSpec) {
  struct Case {
    Args options;
    std::function<void(DemoSpec&)> change;
  };
  using D = DemoSpec;
  const std::vector<Case> cases = {
      {{}, [](D&) {}},
      {{"--duration", "2"}, [](D& d) { d.duration = 2s; }},
      {{"-s", "1518"}, [](D& d) { d.frame_size = 1518; }},
      {{"--pkt-size", "65"}, [](D& d) { d.frame_size = 65; }},
      {{"--rate", "100kpps"},
       [](D& d) {
         d.rate.rate = {Rate::Unit::Pps, 1e5};
       }},
      {{"--rate", "1Gbps", "--rate-layer", "l2"},
       [](D& d) {
         d.rate = {{Rate::Unit::Bps, 1e9}, Layer::L2, 1};
       }},
      {{"--rate", "1kpps", "--burst", "8"},
       [](D& d) {
         d.rate = {{Rate::Unit::Pps, 1e3}, Layer::L1, 8};
       }},
      {{"-t", "2"}, [](D& d) { d.threads = 2; }},
      {{"--threads", "2"}, [](D& d) { d.threads = 2; }},
      {{"--cpus", "1,0"},
       [](D& d) {
         d.cpus = {1, 0}, d.threads = 2;
       }},
      {{"-I", "2"}, [](D& d) { d.interval = 2s; }},
      {{"--interval", "200ms"}, [](D& d) { d.interval = 200ms; }},
      {{"--json"}, [](D& d) { d.output.json = true; }},
      {{"--json-stream"}, [](D& d) { d.output.json_stream = true; }},
      {{"--queues", "4"}, [](D& d) { d.queues = 4; }},
      {{"--mtu", "9000"}, [](D& d) { d.mtu = 9000; }},
      {{"--no-gro"}, [](D& d) { d.gro = false; }},
      {{"--far", "drop"}, [](D& d) { d.far_drops = true; }},
      {{"--far", "stack"}, [](D& d) { d.far_drops = false; }},
      {{"--", "ip", "-j", "link", "--", "x"},
       [](D& d) {
         d.command = {"ip", "-j", "link", "--", "x"};
       }},
      {{"--queues", "1", "--", "sh", "-c", "--help"},
       [](D& d) {
         d.queues = 1, d.command = {"sh", "-c", "--help"};
       }},
  };
  for (const auto& [options, change] : cases) {
    DemoSpec expected;
    change(expected);
    const Args args = Args{"demo"} + options;
    EXPECT_EQ(parsed<DemoSpec>(args), expected) << shown(args);
  }
}

TEST(CliDemo, BadInputIsRefused) {
  expect_refused({
      {{"demo", "--duration", "0s"}, {"--duration \"0s\"", "above zero"}},
      {{"demo", "-s", "9221"}, {"--pkt-size \"9221\"", "64 to 9220"}},
      {{"demo", "--rate", "fast"}, {"--rate \"fast\"", "pps"}},
      {{"demo", "--rate-layer", "l2"}, {"--rate-layer l2", "--rate"}},
      {{"demo", "--burst", "2"}, {"--burst 2", "--rate"}},
      {{"demo", "-t", "65"}, {"--threads \"65\"", "1 to 64"}},
      {{"demo", "-t", "1", "--cpus", "0,1"}, {"--threads 1", "2 CPUs"}},
      {{"demo", "--cpus", "x"}, {"--cpus \"x\"", "0,2-5"}},
      {{"demo", "-I", "1ms"}, {"--interval \"1ms\"", "100ms"}},
      {{"demo", "--queues", "0"}, {"--queues \"0\"", "1 to 64"}},
      {{"demo", "--mtu", "67"}, {"--mtu \"67\"", "68 to 65535"}},
      {{"demo", "--far", "away"}, {"--far \"away\"", "drop|stack"}},
      {{"demo", "--json", "--json-stream"}, {"--json-stream"}},
      {{"demo", "--"}, {"demo --", "command"}},
      {{"demo", "--duration", "3", "--", "ls"}, {"--duration", "--queues"}},
  });
}

} // namespace
} // namespace xtg::cli
