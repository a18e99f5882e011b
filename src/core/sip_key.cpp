// SPDX-License-Identifier: BSD-2-Clause
#include "core/sip_key.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/unique_fd.h"

namespace xtg {

namespace {

constexpr std::size_t kBytes = 16, kDigits = 2 * kBytes;

tl::unexpected<Error> unreadable(int number) {
  return fail(Errc::InvalidArgument, fmt::format("it cannot be read: {}", std::strerror(number)));
}

/// Reads the beginning of a file, or all of it.
Result<std::string> begin_of(const std::string& path) {
  // Reads regular files only, so that no writer of a pipe is waited for.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (fd.get() < 0 || fstat(fd.get(), &about) != 0) return unreadable(errno);
  if (!S_ISREG(about.st_mode)) return fail(Errc::InvalidArgument, "not a regular file");
  std::array<char, 256> bytes{};
  std::string out;
  ssize_t got = 0;
  while (out.size() < bytes.size() && (got = read(fd.get(), bytes.data(), bytes.size())) > 0)
    out.append(bytes.data(), static_cast<std::size_t>(got));
  if (got < 0) return unreadable(errno);
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

std::uint64_t little_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; i++)
    value |= std::uint64_t{bytes[i]} << 8 * i;
  return value;
}

/// Returns false when the digits are not a key.
bool take_digits(std::string_view digits, std::array<std::uint8_t, kBytes>& out) {
  if (digits.size() != kDigits) return false;
  for (std::size_t i = 0; i < kBytes; i++) {
    const char* const at = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, out[i], 16);
    if (error != std::errc{} || end != at + 2) return false;
  }
  return true;
}

} // namespace

Result<SipKey> read_key(const std::string& path) {
  const auto text = begin_of(path);
  if (!text) return tl::unexpected<Error>(text.error());
  std::array<std::uint8_t, kBytes> bytes{};
  if (text->size() == kBytes)
    std::copy(text->begin(), text->end(), bytes.begin());
  else if (!take_digits(trimmed(*text), bytes))
    return fail(Errc::InvalidArgument,
                fmt::format("expected a key of {} bytes, or {} hexadecimal digits; the file has {}",
                            kBytes, kDigits,
                            text->size() < 256 ? fmt::format("{} bytes", text->size()) : "more"));
  const auto all = std::span<const std::uint8_t>(bytes);
  const SipKey key{little_endian(all), little_endian(all.subspan(8))};
  if (key == SipKey{}) return fail(Errc::InvalidArgument, "an all-zero key is the same as no key");
  return key;
}

} // namespace xtg
