// SPDX-License-Identifier: BSD-2-Clause
// The options of `rx`.
#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::RxSpec;

template <class T>
auto of_rx(T RxSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<RxSpec>().*member; };
}

void match_row(Table& table) {
  Option& row = table.add(
      {"--match", "FILTER",
       "count frames without a signature, too, as in 'udp dst port 10000'; repeatable", ""},
      Kind::Text);
  row.many = true;
  row.read = [](Scope& s, const std::string& text) -> Status {
    auto& spec = s.get<RxSpec>();
    auto words = take_zones(text, spec.zone);
    if (!words) return tl::unexpected<Error>(std::move(words.error()));
    auto filter = packet::Filter::parse(*words);
    if (!filter) return tl::unexpected<Error>(std::move(filter.error()));
    spec.match.push_back(std::move(*filter));
    return {};
  };
  row.write = [](Scope& s) {
    const auto& spec = s.get<RxSpec>();
    Texts texts;
    for (const packet::Filter& filter : spec.match)
      texts.push_back(with_zones(filter.to_string(), spec.zone));
    return texts;
  };
}

void rx_frame_rows(Table& table) {
  table.group("Frames");
  interface_row(table, "-i,--interface,interface", "receiving interface; the same as the argument",
                of_rx(&RxSpec::interface));
  mode_row(table, of_rx(&RxSpec::mode));
  run_id_row(table, "only frames of this session: 8 hex digits", "any", of_rx(&RxSpec::run_id));
  table.value({"-p,--port", "PORT", "only frames to this UDP port, 0 to 65535", "any"},
              of_rx(&RxSpec::port), whole_number<std::uint16_t>(0, 65535));
  table.flag("--observe", "pass counted frames on to the stack", of_rx(&RxSpec::observe));
  match_row(table);
  table.flag("--drop-matched", "drop frames that --match counts instead of passing them",
             of_rx(&RxSpec::drop_matched));
  table.flag("--verify", "verify checksums and count corrupt frames apart", of_rx(&RxSpec::verify));
  window_row(table, of_rx(&RxSpec::window));
  table.value({"--streams", "N",
               fmt::format("streams, times their receive queues, 1 to {}", plan::kMaxRxStreams)},
              of_rx(&RxSpec::streams), whole_number<std::uint32_t>(1, plan::kMaxRxStreams));
}

void rx_end_rows(Table& table) {
  table.group("End and verdict");
  table.amount({"-n,--num-packets", "N", "stop after counting this many frames"},
               of_rx(&RxSpec::num_packets), "packets");
  duration_row(table, of_rx(&RxSpec::duration));
  table.value({"--drain", "TIME", "after a run's announced end, wait this long for missing frames"},
              of_rx(&RxSpec::drain), parse_duration);
  table.flag("--ignore-announcements", "do not begin or end with announced runs",
             of_rx(&RxSpec::ignore_announcements));
  table.value({"--clock-offset", "TIME",
               "lead of the sender's clock over this host's, such as -1.5s", "one clock"},
              of_rx(&RxSpec::clock_offset), parse_signed_duration);
  key_row(table, of_rx(&RxSpec::key));
  expect_row(table, "fail with exit status 3 unless all hold, as in loss<0.001%,p99<50us,rx=10000",
             of_rx(&RxSpec::expect));
}

void rx_output_rows(Table& table) {
  table.group("Output");
  table.value({"--write-pcap", "FILE", "write test frames as a capture for Wireshark"},
              of_rx(&RxSpec::pcap_path), parse_path);
  Option& sample = table.add({"--sample", "WHICH",
                              "1/1000, first:N, late, lost, duplicate, corrupt, with commas",
                              plan::to_string(RxSpec{}.sample)},
                             Kind::Text);
  sample.read = [](Scope& s, const std::string& text) -> Status {
    auto law = plan::parse_sample(text);
    if (!law) return tl::unexpected<Error>(std::move(law.error()));
    s.get<RxSpec>().sample = *law;
    return {};
  };
  sample.write = [](Scope& s) { return Texts{plan::to_string(s.get<RxSpec>().sample)}; };
  interval_row(table, of_rx(&RxSpec::interval));
  json_rows(table, of_rx(&RxSpec::output));
  talk_rows(table, of_rx(&RxSpec::output));
}

Status check_rx(const Test& test, const Asked& asked) {
  const auto& spec = std::get<RxSpec>(test.of);
  if (spec.pcap_path.empty() && asked.has("--sample"))
    return bad_usage(fmt::format("--sample {} needs --write-pcap", plan::to_string(spec.sample)));
  if (spec.pcap_path == "-" && spec.output.report_path == "-")
    return bad_usage("--write-pcap - and --report - both take the standard output: name a file");
  if (spec.key && spec.ignore_announcements)
    return bad_usage(
        "--key and --ignore-announcements exclude each other: the key only checks announcements");
  if (spec.interface.empty())
    return bad_usage("rx: expected the name of an interface, such as \"rx eth0\"");
  return {};
}

} // namespace

CommandInfo rx_command() {
  Table table(Command::Rx, "rx", "Receive test frames: count and time every one of them.");
  table.info().profile = true;
  rx_frame_rows(table);
  rx_end_rows(table);
  rx_output_rows(table);
  table.info().check = check_rx;
  return table.done();
}

} // namespace xtg::spec
