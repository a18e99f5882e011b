// SPDX-License-Identifier: BSD-2-Clause
// The hop's process: a network namespace that ends with it, the programs of hop.bpf.c on the two
// interfaces that are moved there, and the delay line. Reads one JSON command per line from stdin
// and answers each with a line; ends with stdin. The kernel does the forwarding: see hop.bpf.c.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <nlohmann/json.hpp>

#include "core/unique_fd.h"

#include "hop.h"
#include "xtg_hop.skel.h"

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr const char* kLine = "line0";

int check(int value, const std::string& what) {
  if (value < 0)
    throw std::system_error(value == -1 ? errno : -value, std::generic_category(), what);
  return value;
}

void write_file(const char* path, const char* text) {
  const xtg::UniqueFd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (fd.valid()) (void)!write(fd.get(), text, std::strlen(text));
}

/// A TAP whose reader writes every frame back a fixed time later, in order.
class DelayLine {
public:
  DelayLine() {
    fd_.reset(check(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun"));
    ifreq request = {};
    std::strcpy(request.ifr_name, kLine);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    check(ioctl(fd_.get(), TUNSETIFF, &request), "make a TAP");
  }

  [[nodiscard]] int fd() const { return fd_.get(); }
  void set_delay(std::chrono::microseconds delay) { delay_ = delay; }

  /// Takes arrived frames, at most a fair share.
  void read_some() {
    std::array<char, HOP_FRAME> frame;
    for (int i = 0; i < 256; ++i) {
      const ssize_t n = read(fd_.get(), frame.data(), frame.size());
      if (n <= 0) return;
      waiting_.push_back({Clock::now() + delay_, {frame.begin(), frame.begin() + n}});
    }
  }

  /// Writes back frames that are due; returns the time of the next, if any.
  const Clock::time_point* write_due() {
    while (!waiting_.empty() && waiting_.front().due <= Clock::now()) {
      (void)!write(fd_.get(), waiting_.front().data.data(), waiting_.front().data.size());
      waiting_.pop_front();
    }
    return waiting_.empty() ? nullptr : &waiting_.front().due;
  }

private:
  struct Frame {
    Clock::time_point due;
    std::vector<char> data;
  };
  xtg::UniqueFd fd_;
  std::chrono::microseconds delay_{};
  std::deque<Frame> waiting_;
};

class Hop {
public:
  Hop() : skel_(xtg_hop::open_and_load()) {
    if (skel_ == nullptr) throw std::system_error(errno, std::generic_category(), "load");
  }
  Hop(const Hop&) = delete;
  Hop& operator=(const Hop&) = delete;
  ~Hop() { xtg_hop::destroy(skel_); }

  DelayLine& line() { return line_; }

  json run(const json& command) {
    const std::string what = command.at("command");
    if (what == "attach") {
      attach(command.at("near"), command.at("far"));
    } else if (what == "rule") {
      set_rule(command.at("direction").get<unsigned>() & 1U, command);
    } else if (what == "delay") {
      line_.set_delay(std::chrono::microseconds(command.at("microseconds").get<long>()));
    } else if (what == "by_xdp") {
      skel_->bss->by_xdp = command.at("on").get<bool>() ? 1 : 0;
    } else if (what != "read") {
      throw std::invalid_argument("no such command: " + what);
    }
    return {{"pid", getpid()}, {"forward", counters(0)}, {"backward", counters(1)}};
  }

private:
  static unsigned index_of(const std::string& name) {
    const unsigned index = if_nametoindex(name.c_str());
    if (index == 0) throw std::system_error(errno, std::generic_category(), name);
    return index;
  }

  static void attach_tc(const std::string& name, const bpf_program* prog) {
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = static_cast<int>(index_of(name)),
                .attach_point = BPF_TC_INGRESS);
    LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(prog));
    check(bpf_tc_hook_create(&hook), "make the ingress hook of " + name);
    check(bpf_tc_attach(&hook, &opts), "attach to " + name);
  }

  static void attach_xdp(const std::string& name, const bpf_program* prog) {
    check(bpf_xdp_attach(static_cast<int>(index_of(name)), bpf_program__fd(prog), 0, nullptr),
          "attach to " + name);
  }

  void attach(const std::string& near, const std::string& far) {
    skel_->bss->out_ifindex[0] = index_of(far);
    skel_->bss->out_ifindex[1] = index_of(near);
    skel_->bss->line_ifindex = index_of(kLine);
    attach_tc(near, skel_->progs.hop_forward);
    attach_tc(far, skel_->progs.hop_backward);
    attach_tc(kLine, skel_->progs.hop_line);
    attach_xdp(near, skel_->progs.hop_redirect);
    attach_xdp(far, skel_->progs.hop_enter);
  }

  /// The rule and the counters start with the rule's first segment.
  void set_rule(unsigned direction, const json& wanted) {
    const auto chance = [&wanted](const char* name) {
      return static_cast<__u64>(wanted.value(name, 0.0) * static_cast<double>(HOP_CERTAIN));
    };
    hop_rule rule = {};
    rule.seed = wanted.value("seed", 0ULL);
    rule.every[HOP_DROP] = wanted.value("drop_every", 0ULL);
    rule.every[HOP_HOLD] = wanted.value("hold_every", 0ULL);
    rule.every[HOP_DUPLICATE] = wanted.value("duplicate_every", 0ULL);
    rule.chance[HOP_DROP] = chance("drop");
    rule.chance[HOP_HOLD] = chance("hold");
    rule.chance[HOP_LATE] = chance("late");
    rule.chance[HOP_DUPLICATE] = chance("duplicate");
    rule.hold_by = wanted.value("hold_by", 1U);
    rule.acks = wanted.value("acks", false) ? 1 : 0;
    rule.burst_from = wanted.value("burst_from", 0ULL);
    rule.burst_length = wanted.value("burst_length", 0ULL);
    rule.drop_types = wanted.value("drop_types", 0U);
    if (rule.hold_by == 0 || rule.hold_by >= HOP_SLOTS) throw std::out_of_range("hold_by");

    std::vector<char> empty(bpf_map__value_size(skel_->maps.slots));
    for (__u32 i = 0; i < HOP_SLOTS; ++i) {
      const __u32 key = direction * HOP_SLOTS + i;
      check(bpf_map_update_elem(bpf_map__fd(skel_->maps.slots), &key, empty.data(), 0), "a slot");
    }
    skel_->bss->counters[direction] = {};
    skel_->bss->rules[direction] = rule;
  }

  [[nodiscard]] json counters(unsigned direction) const {
    const hop_counters count = skel_->bss->counters[direction];
    return {{"seen", count.seen},
            {"seen_bytes", count.seen_bytes},
            {"dropped", count.dropped},
            {"dropped_bytes", count.dropped_bytes},
            {"duplicated", count.duplicated},
            {"held", count.held},
            {"released", count.released},
            {"late", count.late},
            {"passed", count.passed},
            {"other", count.other},
            {"announcements", count.announcements},
            {"merged", count.merged},
            {"failed", count.failed}};
  }

  DelayLine line_;
  xtg_hop* skel_;
};

/// Reads stdin and answers each complete line; false at its end.
bool serve(Hop& hop, std::string& input) {
  std::array<char, 4096> chunk;
  const ssize_t n = read(STDIN_FILENO, chunk.data(), chunk.size());
  if (n <= 0) return false;
  input.append(chunk.data(), static_cast<std::size_t>(n));
  for (std::size_t end = 0; (end = input.find('\n')) != std::string::npos;) {
    json answer;
    try {
      answer = hop.run(json::parse(input.substr(0, end)));
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
    input.erase(0, end + 1);
  }
  return true;
}

void run() {
  check(unshare(CLONE_NEWNET), "make a network namespace");
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  Hop hop;
  std::cout << json{{"pid", getpid()}}.dump() << std::endl;
  for (std::string input;;) {
    const auto* due = hop.line().write_due();
    timespec wait = {};
    if (due != nullptr && *due > Clock::now())
      wait.tv_nsec = std::min<long>((*due - Clock::now()).count(), 999'999'999);
    std::array<pollfd, 2> ready = {{{STDIN_FILENO, POLLIN, 0}, {hop.line().fd(), POLLIN, 0}}};
    ppoll(ready.data(), ready.size(), due != nullptr ? &wait : nullptr, nullptr);
    if (ready[1].revents != 0) hop.line().read_some();
    if (ready[0].revents != 0 && !serve(hop, input)) return;
  }
}

} // namespace

int main() {
  try {
    run();
  } catch (const std::exception& error) {
    std::cerr << "xtg-hop: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
