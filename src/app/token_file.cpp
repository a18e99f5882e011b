// SPDX-License-Identifier: BSD-2-Clause
#include "app/token_file.h"

#include <fstream>

#include <fmt/format.h>

namespace xtg::app {

Result<std::string> read_token(const std::string& path) {
  constexpr std::size_t kLeast = 8, kMost = 512;
  std::ifstream file(path);
  std::string token;
  if (!file || !(file >> token))
    return fail(Errc::InvalidArgument, "--token-file " + path + ": no token can be read from it");
  if (token.size() < kLeast || token.size() > kMost)
    return fail(Errc::InvalidArgument,
                fmt::format("--token-file {}: expected a token of {} to {} characters", path,
                            kLeast, kMost));
  return token;
}

} // namespace xtg::app
