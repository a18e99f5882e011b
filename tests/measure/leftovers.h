// SPDX-License-Identifier: BSD-2-Clause
// What a run could leave behind in this process and in the kernel.
#pragma once

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace xtg::test {

/// Numbers of the kernel's BPF objects: those of other processes as well.
inline std::set<std::string> bpf_objects() {
  std::set<std::string> found;
  const auto walk = [&found](int command, const char* kind) {
    bpf_attr attr{};
    while (syscall(SYS_bpf, command, &attr, sizeof attr) == 0) {
      found.insert(fmt::format("{} {}", kind, attr.next_id));
      attr.start_id = attr.next_id;
    }
  };
  walk(BPF_PROG_GET_NEXT_ID, "program");
  walk(BPF_MAP_GET_NEXT_ID, "map");
  walk(BPF_LINK_GET_NEXT_ID, "link");
  return found;
}

/// Numbers of the attachments that this process holds.
inline std::set<std::string> own_links() {
  std::set<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo", ignored)) {
    std::ifstream info(entry.path());
    for (std::string line; std::getline(info, line);)
      if (line.starts_with("link_id:")) found.insert(line);
  }
  return found;
}

struct Leftovers {
  std::set<std::string> own; ///< descriptors, threads, mounts of this process
  std::set<std::string> bpf;
};

inline Leftovers leftovers() {
  Leftovers out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    const auto target = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (target.find("/fd") != std::string::npos) continue; // the directory that is being read
    out.own.insert(fmt::format("descriptor {} of {}", entry.path().filename().string(), target));
  }
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", ignored))
    out.own.insert("thread " + entry.path().filename().string());
  out.own.insert("in " + std::filesystem::read_symlink("/proc/self/ns/net", ignored).string());
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);)
    if (line.find("nsfs") != std::string::npos) out.own.insert("mount " + line);
  out.bpf = bpf_objects();
  return out;
}

inline std::string joined(const std::set<std::string>& set) {
  std::string out;
  for (const std::string& item : set)
    out += item + "\n";
  return out;
}

/// Waits until all of `set` that `before` had not are gone, half a minute at most: the kernel frees
/// BPF objects a moment later, and other processes have theirs. What stays.
inline std::set<std::string> staying(std::set<std::string> set,
                                     const std::set<std::string>& before) {
  std::erase_if(set, [&](const std::string& item) { return before.contains(item); });
  for (int i = 0; i < 600 && !set.empty(); i++) {
    usleep(50'000);
    const auto now = bpf_objects();
    std::erase_if(set, [&](const std::string& item) { return !now.contains(item); });
  }
  return set;
}

} // namespace xtg::test
