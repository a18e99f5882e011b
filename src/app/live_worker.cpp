// SPDX-License-Identifier: BSD-2-Clause
#include "app/live_worker.h"

namespace xtg::app {

Result<tx::CallEnd> LiveWorker::call(std::uint32_t runs, std::uint32_t batch,
                                     std::uint64_t spin_ns) {
  auto end = sender_.run(number_, sender_.page(), runs, batch, spin_ns);
  if (!end) return tl::unexpected<Error>(std::move(end.error()));
  switch (*end) {
  case xdp::RunEnd::Complete:
    return tx::CallEnd::Complete;
  case xdp::RunEnd::Interrupted:
    return tx::CallEnd::Interrupted;
  case xdp::RunEnd::NoMemory:
    return tx::CallEnd::NoMemory;
  }
  return fail(Errc::Internal, "unknown end of a kernel call");
}

} // namespace xtg::app
