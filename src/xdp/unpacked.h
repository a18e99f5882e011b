// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs' objects are in the program as gzip files, a fifth of their size:
// bpf/skeleton.sh.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace xtg::xdp {

/// What a gzip file contains, whose size is known; empty if it is another.
inline std::vector<char> unpacked(std::string_view packed, std::size_t size) {
  std::vector<char> out(size);
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(size);
  constexpr int gzip = 16 + MAX_WBITS;
  if (inflateInit2(&stream, gzip) != Z_OK) return {};
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  if (!whole) out.clear();
  return out;
}

} // namespace xtg::xdp
