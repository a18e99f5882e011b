// SPDX-License-Identifier: BSD-2-Clause
// A stream buffer for text on a file descriptor that it does not own. It waits for a slow reader,
// except in a hurry, and keeps the errno of a failed write. Control characters, which names of
// interfaces, files and hosts may contain, are shown as \x1b. Not thread-safe.
#pragma once

#include <array>
#include <ios>
#include <streambuf>

namespace xtg {

class FdBuffer final : public std::streambuf {
public:
  /// `hurry_fd`: once it is readable, a write that would have to wait fails. -1: never.
  explicit FdBuffer(int fd, int hurry_fd = -1) : fd_(fd), hurry_fd_(hurry_fd) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }
  ~FdBuffer() override { sync(); }
  FdBuffer(const FdBuffer&) = delete;
  FdBuffer& operator=(const FdBuffer&) = delete;

  /// errno of the first failed write; 0: none. ETIMEDOUT: the reader took nothing.
  [[nodiscard]] int error() const { return error_; }

protected:
  int_type overflow(int_type c) override;
  int sync() override;

private:
  bool wait_for_room();

  const int fd_, hurry_fd_;
  int error_ = 0;
  char last_ = '\n';
  std::array<char, 16384> buffer_{};
};

/// error() of a stream that writes to an FdBuffer; 0 for any other stream.
int write_error(const std::ios& stream);

} // namespace xtg
