// SPDX-License-Identifier: BSD-2-Clause
// A stream's buffer for text over a file descriptor that it does not own. A reader that takes
// nothing is waited for, but not when somebody is in a hurry; why a write failed is kept. Control
// characters, which names of interfaces, files and hosts may have, are shown as \x1b. Not
// thread-safe.
#pragma once

#include <array>
#include <ios>
#include <streambuf>

namespace xtg {

class FdBuffer final : public std::streambuf {
public:
  /// `hurry_fd`: once it is readable, a descriptor that takes nothing is a failed write. -1: never.
  explicit FdBuffer(int fd, int hurry_fd = -1) : fd_(fd), hurry_fd_(hurry_fd) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }
  ~FdBuffer() override { sync(); }
  FdBuffer(const FdBuffer&) = delete;
  FdBuffer& operator=(const FdBuffer&) = delete;

  /// The errno of the first write that failed; 0: none has. ETIMEDOUT: nothing was taken.
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

/// error() of a stream over an FdBuffer; 0 for any other.
int write_error(const std::ios& stream);

} // namespace xtg
