// SPDX-License-Identifier: BSD-2-Clause
// https://github.com/HdrHistogram/HdrHistogram: AbstractHistogram.encodeIntoCompressedByteBuffer
// and ZigZagEncoding. All integers are big-endian.
#include "stats/hdr_histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include <zlib.h>

#include "xtg/abi/hist.h"

namespace xtg::stats {
namespace {

constexpr std::uint32_t kCookie = 0x1c849313, kCompressedCookie = 0x1c849314;
constexpr std::uint64_t kHighest = std::uint64_t{1} << XTG_HIST_MAX_BITS;
constexpr std::uint32_t kDigits = 2;
/// Of two digits: the power of two that is not below 2 * 10^2.
constexpr unsigned kSubBits = 8;
constexpr std::size_t kHeader = 40;
constexpr std::size_t kMostBytes = 1 << 20; ///< of a decoded histogram; ours have 5000 at most

// --- bytes ------------------------------------------------------------------------------------

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;)
    out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint64_t get(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

/// LEB128 of 64 bits in at most 9 bytes: the ninth has 8 bits.
void put_varint(std::string& out, std::int64_t signed_value) {
  auto value = static_cast<std::uint64_t>(signed_value) << 1 ^
               static_cast<std::uint64_t>(signed_value >> 63);
  for (int i = 0; i < 8; ++i) {
    if (value < 0x80) {
      out.push_back(static_cast<char>(value));
      return;
    }
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

std::optional<std::int64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 9; ++i) {
    if (i >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    const bool last = i == 8 || byte < 0x80;
    value |= std::uint64_t{i == 8 ? byte : std::uint8_t(byte & 0x7f)} << (7 * i);
    if (!last) continue;
    bytes.remove_prefix(i + 1);
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  return std::nullopt;
}

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint64_t group = get(bytes, i, have) << 8 * (3 - have);
    for (std::size_t digit = 0; digit < 4; ++digit)
      out.push_back(digit > have ? '=' : kAlphabet[group >> (18 - 6 * digit) & 63]);
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  while (text.ends_with('='))
    text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> have & 0xff));
  }
  return out;
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  // Into a buffer of that size it cannot fail but for memory.
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
                Z_BEST_COMPRESSION) != Z_OK)
    return {};
  out.resize(size);
  return out;
}

std::optional<std::string> inflated(std::string_view bytes) {
  std::string out(kMostBytes, '\0');
  uLongf size = out.size();
  if (uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK)
    return std::nullopt;
  out.resize(size);
  return out;
}

// --- cells ------------------------------------------------------------------------------------

/// An octave above the first has the upper half of its sub-buckets.
std::size_t index_of(std::uint64_t value) {
  const auto bits = static_cast<unsigned>(std::bit_width(value | ((1U << kSubBits) - 1)));
  const unsigned shift = bits - kSubBits;
  return (std::size_t{shift} << (kSubBits - 1)) + (value >> shift);
}

/// The first value of a cell; `sub_bits` as the precision has it.
std::uint64_t first_of(std::uint64_t index, unsigned sub_bits) {
  const std::uint64_t half = std::uint64_t{1} << (sub_bits - 1);
  if (index < 2 * half) return index;
  const std::uint64_t shift = index / half - 1;
  return (half + index % half) << shift;
}

/// Smallest exponent whose power of two is not below 2 * 10^digits.
unsigned sub_bits_of(std::uint64_t digits) {
  std::uint64_t largest = 2;
  for (std::uint64_t i = 0; i < digits; ++i)
    largest *= 10;
  return static_cast<unsigned>(std::bit_width(largest - 1));
}

} // namespace

std::string hdr_encode(const Histogram& histogram, std::uint64_t least, std::uint64_t most) {
  std::vector<std::uint64_t> counts;
  const auto cells = histogram.cells();
  for (std::uint32_t cell = 0; cell < cells.size(); ++cell) {
    if (cells[cell] == 0) continue;
    const std::uint64_t first = xtg_hist_floor(cell), last = xtg_hist_floor(cell + 1) - 1;
    std::uint64_t value = first + (last - first) / 2;
    value = std::min({std::max(value, least), std::max(most, least), kHighest});
    const std::size_t index = index_of(value);
    if (counts.size() <= index) counts.resize(index + 1);
    counts[index] += cells[cell];
  }

  std::string payload;
  for (std::size_t i = 0; i < counts.size();) {
    std::size_t zeros = 0;
    while (i + zeros < counts.size() && counts[i + zeros] == 0)
      ++zeros;
    // A run of zeros is a negative number.
    put_varint(payload, zeros > 0 ? -static_cast<std::int64_t>(zeros)
                                  : static_cast<std::int64_t>(counts[i]));
    i += zeros > 0 ? zeros : 1;
  }

  std::string plain;
  put(plain, kCookie);
  put(plain, static_cast<std::uint32_t>(payload.size()));
  put(plain, std::uint32_t{0}); // normalizing index offset
  put(plain, kDigits);
  put(plain, std::uint64_t{1}); // lowest value
  put(plain, kHighest);
  put(plain, std::bit_cast<std::uint64_t>(1.0)); // integer to double conversion ratio
  plain += payload;

  const std::string body = deflated(plain);
  std::string out;
  put(out, kCompressedCookie);
  put(out, static_cast<std::uint32_t>(body.size()));
  return to_base64(out + body);
}

Result<std::vector<HdrCell>> hdr_decode(std::string_view base64) {
  const auto wrong = [](const char* what) {
    return fail(Errc::InvalidArgument,
                std::string("not an HdrHistogram (V2, compressed): ") + what);
  };
  const auto outer = from_base64(base64);
  if (!outer) return wrong("not base64");
  if (outer->size() < 8 || get(*outer, 0, 4) != kCompressedCookie) return wrong("its cookie");
  const auto body = std::string_view(*outer).substr(8);
  if (get(*outer, 4, 4) != body.size()) return wrong("its length");
  const auto plain = inflated(body);
  if (!plain || plain->size() < kHeader) return wrong("its compressed part");
  if (get(*plain, 0, 4) != kCookie) return wrong("its inner cookie");
  const std::uint64_t digits = get(*plain, 12, 4), unit = get(*plain, 16, 8);
  auto payload = std::string_view(*plain).substr(kHeader);
  if (get(*plain, 4, 4) != payload.size()) return wrong("its inner length");
  // The index offset at 8 is not looked at: hdr-histogram-js writes 1 without shifting anything.
  if (digits > 5 || unit != 1) return wrong("its settings");

  const unsigned sub_bits = sub_bits_of(digits);
  const std::uint64_t end = std::uint64_t{64 - sub_bits + 1} << (sub_bits - 1);
  std::vector<HdrCell> cells;
  for (std::uint64_t index = 0; !payload.empty();) {
    const auto count = take_varint(payload);
    if (!count) return wrong("its counts");
    const std::uint64_t step =
        *count < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(*count) : 1;
    if (step > end - index) return wrong("too many counts");
    if (*count > 0)
      cells.push_back({first_of(index, sub_bits), first_of(index + 1, sub_bits) - 1,
                       static_cast<std::uint64_t>(*count)});
    index += step;
  }
  return cells;
}

} // namespace xtg::stats
