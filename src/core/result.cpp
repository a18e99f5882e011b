// SPDX-License-Identifier: BSD-2-Clause
#include "core/result.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace xtg {

Error Error::context(std::string_view outer) && {
  what = fmt::format("{}: {}", outer, what);
  return std::move(*this);
}

std::string Error::message() const {
  if (sys == 0) return what;
  return fmt::format("{}: {}", what, std::strerror(sys));
}

tl::unexpected<Error> fail(Errc code, std::string what) {
  return tl::unexpected<Error>(Error{code, 0, std::move(what)});
}

tl::unexpected<Error> fail_sys(int sys, std::string what) {
  Errc code = Errc::System;
  if (sys == EPERM || sys == EACCES) code = Errc::NoPermission;
  if (sys == EOPNOTSUPP) code = Errc::NotSupported;
  if (sys == ENODEV || sys == ENOENT) code = Errc::NotFound;
  return tl::unexpected<Error>(Error{code, sys, std::move(what)});
}

} // namespace xtg
