// SPDX-License-Identifier: BSD-2-Clause
#include "receive.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "child.h"
#include "net/veth_test_bed.h"
#include "turn.h"

namespace xtg::bench {

namespace {

/// A shell's output, in the near namespace.
Result<std::string> shell(const net::VethTestBed& bed, const std::string& script) {
  auto child = Child::start(bed.near_ns(), {"sh", "-c", script}, {}, true);
  if (!child) return tl::unexpected<Error>(child.error());
  ChildEnd end = child->wait();
  if (end.status != 0)
    return fail(Errc::NotSupported, fmt::format("status {} of: {}", end.status, script));
  return std::move(end.output);
}

/// What the rule has dropped.
std::uint64_t dropped(const net::VethTestBed& bed) {
  const auto text = shell(bed, "nft -j list counter ip bench dropped");
  if (!text) return 0;
  std::uint64_t packets = 0;
  for (const auto& entry :
       nlohmann::json::parse(*text, nullptr, false).value("nftables", nlohmann::json::array()))
    if (entry.contains("counter")) packets = entry["counter"].value("packets", std::uint64_t{0});
  return packets;
}

/// pktgen's settings, then its run, which an interrupt ends.
std::string pktgen(const net::VethTestBed& bed) {
  const auto &near = bed.near(), &far = bed.far();
  std::string script =
      "modprobe -q pktgen; test -d /proc/net/pktgen || exit 3; cd /proc/net/pktgen; "
      "echo rem_device_all >kpktgend_0; "
      "echo add_device " +
      near.name + " >kpktgend_0; ";
  for (const std::string& line :
       {std::string("count 0"), std::string("pkt_size 60"), std::string("delay 0"),
        std::string("xmit_mode netif_receive"), std::string("burst 32"),
        "dst_mac " + near.mac.to_string(), "dst " + near.v4.to_string(),
        "src_min " + far.v4.to_string(), "src_max " + far.v4.to_string(),
        std::string("udp_dst_min 9"), std::string("udp_dst_max 9")})
    script += fmt::format("echo '{}' >{} || exit 4; ", line, near.name);
  return script + "exec sh -c 'echo start >pgctrl'";
}

} // namespace

Status bench_receive(const Options& options) {
  auto bed = net::VethTestBed::create({});
  if (!bed) return tl::unexpected<Error>(bed.error());
  auto rule =
      shell(*bed, "nft 'add table ip bench; add counter ip bench dropped; add chain ip bench "
                  "in { type filter hook prerouting priority -300; }; add rule ip bench in "
                  "udp dport 9 counter name dropped drop'");
  if (!rule) return forward(std::move(rule), "nftables");
  const Count count = [&] { return dropped(*bed); };
  const std::vector<std::string> ours = {options.binary, "udp",     bed->near().name, "--quiet",
                                         "--via",        "receive", "--cpus",         "0",
                                         "-p",           "9",       "--duration",     "60"};
  const auto turn = [&](const std::vector<std::string>& command, bool guest) {
    return [&, command, guest]() -> Result<Figures> {
      auto figures = measure_command(bed->near_ns(), count, command, {}, options.seconds);
      if (!figures && guest) return fail(Errc::NotSupported, "no pktgen here");
      return figures;
    };
  };
  std::vector<Contestant> all = {
      {"(a) --via receive", turn(ours, false)},
      {"(b) pktgen, netif_receive, burst 32", turn({"sh", "-c", pktgen(*bed)}, true), true},
  };
  return run_table({.title = "into an nftables rule that drops", .columns = {{"Mpps", 3}}}, all,
                   options.rounds);
}

} // namespace xtg::bench
