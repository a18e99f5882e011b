// SPDX-License-Identifier: BSD-2-Clause
// What the tests of net share: a fixture that needs the privileges, and helpers for namespaces and
// processes of the test's own.
#pragma once

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/interface.h"
#include "net/netns.h"
#include "net/veth.h"
#include "packet/address.h"
#include "support/privileges.h"

namespace xtg::net::test {

/// ASSERT_OK(expression) for Result and Status.
#define ASSERT_OK(expr) ASSERT_PRED_FORMAT1(xtg::net::test::is_ok, expr)
#define EXPECT_OK(expr) EXPECT_PRED_FORMAT1(xtg::net::test::is_ok, expr)
template <class T>
testing::AssertionResult is_ok(const char* text, const tl::expected<T, Error>& r) {
  if (r) return testing::AssertionSuccess();
  return testing::AssertionFailure() << text << ": " << r.error().message();
}

class NetTest : public testing::Test {
protected:
  void SetUp() override { XTG_REQUIRE_CAPS("netns"); }
};

inline packet::Ip ip(std::string_view text) {
  auto parsed = packet::Ip::parse(text);
  EXPECT_OK(parsed);
  return parsed.value_or(packet::Ip{});
}

inline packet::Mac mac(std::string_view text) {
  auto parsed = packet::Mac::parse(text);
  EXPECT_OK(parsed);
  return parsed.value_or(packet::Mac{});
}

inline std::string unique_name(std::string_view tail) {
  return fmt::format("xtgt-{:x}-{}", getpid(), tail);
}

/// Names in /run/netns that this process made.
inline std::set<std::string> own_namespaces() {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kNetNsDir, ignored))
    if (entry.path().filename().string().find(fmt::format("-{:x}-", getpid())) != std::string::npos)
      names.insert(entry.path().filename());
  return names;
}

/// Runs `ip -n NS ...`, the second opinion in these tests.
inline testing::AssertionResult run_ip(const std::string& ns, const std::string& arguments) {
  const std::string command = fmt::format("ip -n {} {}", ns, arguments);
  if (std::system(command.c_str()) == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << command;
}

/// Calls `fn` in a process of its own, which may give up privileges. An empty text is success.
inline std::string in_child(const std::function<std::string()>& fn) {
  int ends[2];
  if (pipe(ends) != 0) return "pipe";
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    const std::string text = fn();
    if (write(ends[1], text.data(), text.size()) < 0) _exit(2);
    _exit(0);
  }
  close(ends[1]);
  UniqueFd out(ends[0]);
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = read(out.get(), buffer, sizeof(buffer))) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return text + " (child failed)";
  return text;
}

/// Leaves the calling process only the capabilities named. False when that fails.
inline bool keep_only(std::initializer_list<int> caps) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (int cap : caps) {
    data[cap / 32].effective |= 1U << (cap % 32);
    data[cap / 32].permitted |= 1U << (cap % 32);
  }
  return syscall(SYS_capset, &header, data) == 0;
}

/// A process that lives in a namespace until the end of the test.
class Inhabitant {
public:
  explicit Inhabitant(const NetNs& ns) {
    int ends[2];
    if (pipe(ends) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const char answer = ns.enter() ? 'y' : 'n';
      if (write(ends[1], &answer, 1) == 1)
        while (true)
          pause();
      _exit(1);
    }
    close(ends[1]);
    UniqueFd in(ends[0]);
    char answer = 'n';
    there_ = read(in.get(), &answer, 1) == 1 && answer == 'y';
  }
  Inhabitant(const Inhabitant&) = delete;
  Inhabitant& operator=(const Inhabitant&) = delete;
  ~Inhabitant() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool there() const { return there_; }

private:
  pid_t pid_ = -1;
  bool there_ = false;
};

/// An XDP program that passes everything, attached to a device of the calling thread's namespace
/// for as long as the descriptor is open.
inline Result<UniqueFd> attach_pass(int ifindex, unsigned flags) {
  const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS},
                           {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_XDP;
  load.insns = reinterpret_cast<std::uint64_t>(code);
  load.insn_cnt = 2;
  load.license = reinterpret_cast<std::uint64_t>("GPL");
  UniqueFd program(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load))));
  if (!program.valid()) return fail_sys(errno, "load program");
  bpf_attr link{};
  link.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
  link.link_create.target_ifindex = static_cast<std::uint32_t>(ifindex);
  link.link_create.attach_type = BPF_XDP;
  link.link_create.flags = flags;
  UniqueFd attached(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link))));
  if (!attached.valid()) return fail_sys(errno, "attach program");
  return attached;
}

} // namespace xtg::net::test
