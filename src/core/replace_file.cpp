// SPDX-License-Identifier: BSD-2-Clause
#include "core/replace_file.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/unique_fd.h"

namespace xtg {
namespace {

/// Behind the symbolic links; the path itself if it does not exist.
std::string target_of(const std::string& path) {
  std::array<char, PATH_MAX> real{};
  return realpath(path.c_str(), real.data()) != nullptr ? real.data() : path;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_sys(errno, "write");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

} // namespace

Status can_replace_file(const std::string& path) {
  const std::string target = target_of(path);
  struct stat about {};
  if (stat(target.c_str(), &about) == 0 && !S_ISREG(about.st_mode))
    return fail(Errc::InvalidArgument, "it exists and is not a regular file");
  if (target.ends_with('/')) return fail(Errc::InvalidArgument, "expected the name of a file");
  const std::string folder = folder_of(target);
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return fail(Errc::InvalidArgument,
                fmt::format("no file can be written in {}: {}", folder, std::strerror(errno)));
  if (stat(folder.c_str(), &about) == 0 && !S_ISDIR(about.st_mode))
    return fail(Errc::InvalidArgument, folder + " is not a folder");
  return {};
}

Status replace_file(const std::string& path, std::string_view text) {
  const std::string target = target_of(path);
  struct stat old {};
  const bool existed = stat(target.c_str(), &old) == 0;
  if (existed && !S_ISREG(old.st_mode)) return fail(Errc::System, path + " is not a regular file");
  const std::string beside = fmt::format("{}.{}.tmp", target, getpid());
  const UniqueFd fd(
      open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd.valid()) return fail_sys(errno, "create " + beside);
  Status done = write_all(fd.get(), text);
  if (done && existed && fchmod(fd.get(), old.st_mode & 07777) != 0)
    done = fail_sys(errno, "set the mode of " + beside);
  // Before the rename, or a crash of the machine may leave an empty file under the old name.
  if (done && fsync(fd.get()) != 0) done = fail_sys(errno, "write " + beside);
  if (done && rename(beside.c_str(), target.c_str()) != 0)
    done = fail_sys(errno, "rename to " + path);
  if (!done) {
    unlink(beside.c_str());
    return forward(std::move(done), path);
  }
  return {};
}

} // namespace xtg
