// SPDX-License-Identifier: BSD-2-Clause
#include "cli/foreign.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/program_name.h"

namespace xtg::cli {
namespace {

struct Foreign {
  std::string_view tool;
  std::string_view names;    ///< separated and surrounded by spaces
  std::string_view commands; ///< where it is replaced; "" is no command, "*" is any
  std::string_view ours;     ///< completes the sentence "iperf3's -b is ..."
};

constexpr std::array kOptions = {
    Foreign{"iperf3", " -c --client ", "tcp", "the argument HOST: xdp-trafficgen tcp HOST"},
    Foreign{"iperf3", " -c --client ", "udp",
            "--dst-addr IP here; a file such as trafgen's is not read: "
            "options describe the frame"},
    Foreign{"iperf3", " -c --client ", "",
            "a command here: xdp-trafficgen tcp HOST, or udp INTERFACE"},
    Foreign{"iperf3", " -s --server ", "tcp",
            "any TCP receiver on the far host; test frames of udp are received by: rx INTERFACE"},
    Foreign{"iperf3", " -s --server ", "*",
            "a command here: xdp-trafficgen rx INTERFACE; tcp sends to any TCP receiver"},
    Foreign{"iperf3", " -u --udp ", "udp", "what this command does anyway"},
    Foreign{"iperf3", " -u --udp ", "*", "a command here: xdp-trafficgen udp INTERFACE"},
    Foreign{"iperf3", " -b --bandwidth --bitrate ", "udp tcp demo",
            "--rate RATE, as in --rate 1Gbps"},
    Foreign{"iperf3", " -b --bandwidth --bitrate ", "reflect",
            "--max-rate RATE, as in --max-rate 2Mpps"},
    Foreign{"iperf3", " -R --reverse ", "*",
            "a run on the far host: what is sent leaves from here"},
    Foreign{"iperf3", " -J ", "*", "--json"},
    Foreign{"iperf3", " -P --parallel ", "udp demo", "--threads N"},
    Foreign{"iperf3", " -P --parallel ", "tcp", "--flows N"},
    Foreign{"iperf3", " -P --parallel ", "*", "--flows N of tcp, or --threads N of udp"},
    Foreign{"iperf3", " -t --time ", "udp tcp rx reflect demo", "--duration TIME"},
    Foreign{"iperf3", " -n --bytes ", "udp rx reflect", "counted in packets: --num-packets N"},
    Foreign{"iperf3", " -k --blockcount ", "udp tcp rx reflect", "--num-packets N"},
    Foreign{"iperf3", " -l --len --length ", "udp demo",
            "--pkt-size BYTES, with all headers and the FCS"},
    Foreign{"iperf3", " -l -M --len --length --set-mss ", "tcp", "--mss BYTES"},
    Foreign{"iperf3", " -w ", "tcp",
            "the far end's to say: its window is filled as far as it opens"},
    Foreign{"iperf3", " -S ", "udp tcp", "--tos BYTE"},
    Foreign{"iperf3", " -B --bind ", "udp tcp", "--src-addr IP"},
    Foreign{"iperf3", " --bind-dev ", "*", "--interface INTERFACE"},
    Foreign{"iperf3", " -C ", "tcp", "--congestion none|reno|cubic"},
    Foreign{"iperf3", " -F --file ", "tcp", "--payload-file FILE"},
    Foreign{"iperf3", " -V ", "udp tcp rx reflect", "--verbose"},
    Foreign{"iperf3", " --connect-timeout ", "tcp", "--timeout TIME"},
    Foreign{"iperf3", " --cport ", "udp tcp", "--src-port PORT"},
    Foreign{"iperf3", " -4 -6 ", "udp", "the family of --dst-addr, as in --dst-addr 2001:db8::1"},
    Foreign{"trafgen", " -o --dev --out ", "udp rx reflect",
            "the argument INTERFACE, or --interface"},
    Foreign{"trafgen", " --conf ", "udp",
            "no file here: options describe the frame, see xdp-trafficgen udp --help"},
    Foreign{"trafgen", " --num ", "udp rx reflect tcp", "--num-packets N"},
    Foreign{"trafgen", " --gap ", "udp tcp demo",
            "the rate's inverse: --rate RATE, as in --rate 100kpps for a gap of 10us"},
};

constexpr std::array kPktgenWords = {
    Foreign{"pktgen", " count ", "udp", "--num-packets N"},
    Foreign{"pktgen", " delay ", "udp",
            "the rate's inverse: --rate RATE, as in --rate 100kpps for a delay of 10000"},
    Foreign{"pktgen", " pkt_size min_pkt_size max_pkt_size ", "udp",
            "--pkt-size BYTES, which includes the FCS: 4 bytes more than pktgen's"},
    Foreign{"pktgen", " dst dst_min dst_max dst6 dst6_min dst6_max ", "udp",
            "--dst-addr IP[-IP|/LEN]"},
    Foreign{"pktgen", " src_min src_max src6 src6_min src6_max ", "udp", "--src-addr IP[-IP|/LEN]"},
    Foreign{"pktgen", " dst_mac dst_mac_count ", "udp", "--dst-mac MAC[-MAC]"},
    Foreign{"pktgen", " src_mac src_mac_count ", "udp", "--src-mac MAC[-MAC]"},
    Foreign{"pktgen", " udp_dst_min udp_dst_max ", "udp", "--dst-port PORT[-PORT]"},
    Foreign{"pktgen", " udp_src_min udp_src_max ", "udp", "--src-port PORT[-PORT]"},
    Foreign{"pktgen", " rate ", "udp", "--rate RATE, as in --rate 1Gbps"},
    Foreign{"pktgen", " ratep ", "udp", "--rate RATE, as in --rate 1Mpps"},
    Foreign{"pktgen", " burst ", "udp",
            "--burst N, with --rate; without, frames leave in batches anyway"},
    Foreign{"pktgen", " clone_skb ", "udp", "not needed: no frame is built twice"},
    Foreign{"pktgen", " tos traffic_class ", "udp", "--tos BYTE"},
    Foreign{"pktgen", " queue_map_min queue_map_max ", "udp",
            "--cpus LIST: a CPU sends on a queue of its own"},
};

bool has_word(std::string_view words, std::string_view word) {
  const std::string blank_free = fmt::format(" {} ", word);
  return fmt::format(" {} ", words).find(blank_free) != std::string::npos;
}

template <class Table>
std::string look_up(const Table& table, std::string_view command, std::string_view name) {
  if (name.empty() || name.find(' ') != std::string_view::npos) return {};
  const auto* found = std::find_if(table.begin(), table.end(), [&](const Foreign& f) {
    if (!has_word(f.names, name)) return false;
    return f.commands == "*" || f.commands == command ||
           (!command.empty() && has_word(f.commands, command));
  });
  if (found == table.end()) return {};
  return fmt::format("{}'s {} is {}", found->tool, name, as_called(std::string(found->ours)));
}

bool given_short(const std::vector<std::string>& args, std::string_view name) {
  return std::any_of(args.begin(), args.end(), [&](const std::string& arg) {
    return arg.starts_with(name) && !arg.starts_with("--");
  });
}

} // namespace

std::string foreign_option(std::string_view command, std::string_view option) {
  return look_up(kOptions, command, option);
}

std::string foreign_argument(std::string_view command, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    if (std::string known = look_up(kPktgenWords, command, word.substr(0, word.find('=')));
        !known.empty())
      return known;
  return {};
}

std::string iperf_note(const plan::TcpSpec& spec, const std::vector<std::string>& args) {
  struct Other {
    std::string_view name, here, there;
  };
  constexpr std::array<Other, 4> kOthers = {
      {{"-t", "the time for a connection to open", "--duration"},
       {"-P", "the first source port", "--flows"},
       {"-l", "the hop limit", "--mss"},
       {"-n", "a number of full segments", "--bytes"}}};
  if (spec.duration || spec.bytes || spec.bytes_per_flow || !spec.payload_file.empty()) return {};
  std::string text;
  for (const Other& other : kOthers)
    if (given_short(args, other.name))
      text += fmt::format("{} {} is {}, iperf3's is {} here", text.empty() ? "" : ";", other.name,
                          other.here, other.there);
  if (text.empty()) return {};
  return text.substr(1) + (spec.num_packets ? "" : "; this run has no end, --duration sets one");
}

} // namespace xtg::cli
