// SPDX-License-Identifier: BSD-2-Clause
#include "core/fd_buffer.h"

#include <algorithm>
#include <cerrno>
#include <ios>
#include <string>
#include <string_view>

#include <poll.h>
#include <unistd.h>

#include "core/text.h"

namespace xtg {

namespace {

// A writable pipe takes this many bytes (PIPE_BUF) without blocking. Only the wait before a write
// can be interrupted.
constexpr std::ptrdiff_t kAtOnce = 4096;
constexpr int kLastChanceMs = 100; // for a slow reader

} // namespace

bool FdBuffer::wait_for_room() {
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{fd_, POLLOUT, 0}, pollfd{hurry_fd_, POLLIN, 0}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return false;
    if (fds[0].revents != 0) return true; // the write reports any error
    if (fds[1].revents == 0) continue;
    if (poll(fds.data(), 1, kLastChanceMs) > 0) return true;
    errno = ETIMEDOUT;
    return false;
  }
}

int FdBuffer::sync() {
  const std::string_view pending(pbase(), static_cast<std::size_t>(pptr() - pbase()));
  const std::string text = printable(pending, "\n\t", last_);
  if (!pending.empty()) last_ = pending.back();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (error_ == 0 && at != end) {
    const auto size = static_cast<std::size_t>(std::min(end - at, kAtOnce));
    const ssize_t n = wait_for_room() ? write(fd_, at, size) : -1;
    if (n >= 0)
      at += n;
    else if (errno != EINTR && errno != EAGAIN)
      error_ = errno;
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size()); // data that failed to write is dropped
  return error_ == 0 ? 0 : -1;
}

FdBuffer::int_type FdBuffer::overflow(int_type c) {
  if (sync() != 0) return traits_type::eof();
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  return sputc(traits_type::to_char_type(c));
}

int write_error(const std::ios& stream) {
  const auto* const buffer = dynamic_cast<const FdBuffer*>(stream.rdbuf());
  return buffer != nullptr ? buffer->error() : 0;
}

} // namespace xtg
