// SPDX-License-Identifier: BSD-2-Clause
#include "core/exit_status.h"

namespace xtg {

namespace {

ExitStatus status_of(Errc code) {
  switch (code) {
  case Errc::InvalidArgument:
  case Errc::NotFound: // a missing interface or file is wrong input
    return ExitStatus::Usage;
  case Errc::NotSupported:
  case Errc::NoPermission:
    return ExitStatus::Unsupported;
  case Errc::Peer:
  case Errc::Timeout:
    return ExitStatus::Peer;
  case Errc::System:
  case Errc::Internal:
    break;
  }
  return ExitStatus::Failed;
}

} // namespace

int exit_status(const Error& error) {
  return static_cast<int>(status_of(error.code));
}

} // namespace xtg
