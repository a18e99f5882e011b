// SPDX-License-Identifier: BSD-2-Clause
// Errors as values. Result<T> carries a value or an Error; Status carries only success or an Error.
// An Error reads outer to inner ("attach to eth0: create link: Device or resource busy").
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace xtg {

/// What kind of failure; main.cpp maps it to the exit status (src/core/exit_status.h).
enum class Errc {
  InvalidArgument, ///< the user's input is wrong: nothing was sent
  NotSupported,    ///< this kernel, driver or interface cannot do it
  NoPermission,    ///< a capability or a file permission is missing
  NotFound,        ///< an interface, address or file does not exist
  Timeout,         ///< something outside did not answer in time
  Peer,            ///< the far end refused, reset or vanished
  System,          ///< a system call failed in a way that is none of the above
  Internal,        ///< a bug in this program
};

struct Error {
  Errc code = Errc::Internal;
  int sys = 0;      ///< errno (positive) where the kernel gave one, else 0
  std::string what; ///< one line, no trailing period or newline, no strerror text

  /// Prepends `outer`: "outer: what".
  [[nodiscard]] Error context(std::string_view outer) &&;
  /// `what`, plus strerror(sys) when sys is set.
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

/// return fail(Errc::NotFound, "no such interface");
[[nodiscard]] tl::unexpected<Error> fail(Errc code, std::string what);
/// As fail(), with an errno (positive). EPERM/EACCES become NoPermission and EOPNOTSUPP
/// NotSupported.
[[nodiscard]] tl::unexpected<Error> fail_sys(int sys, std::string what);
/// Passes an error on with context: if (!r) return forward(std::move(r), "resolve route");
template <class T>
[[nodiscard]] tl::unexpected<Error> forward(tl::expected<T, Error>&& r, std::string_view outer) {
  return tl::unexpected<Error>(std::move(r.error()).context(outer));
}

} // namespace xtg
