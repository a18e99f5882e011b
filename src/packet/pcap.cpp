// SPDX-License-Identifier: BSD-2-Clause
#include "packet/pcap.h"

#include <cerrno>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

namespace xtg::packet {

namespace {

constexpr std::uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kSnapLength = 262144;
constexpr std::uint32_t kLinkTypeEthernet = 1;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// Readers learn the byte order from the magic; little-endian is the same file on every machine.
void put(std::string& out, std::uint32_t value, int bytes = 4) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> (8 * i) & 0xff);
}

} // namespace

std::string pcap_image(std::span<const TimedFrame> frames) {
  std::string out;
  put(out, kMagicNanoseconds);
  put(out, 2, 2); // version 2.4
  put(out, 4, 2);
  put(out, 0); // time zone and accuracy: always 0
  put(out, 0);
  put(out, kSnapLength);
  put(out, kLinkTypeEthernet);
  for (const TimedFrame& frame : frames) {
    const auto length = static_cast<std::uint32_t>(frame.bytes.size());
    put(out, static_cast<std::uint32_t>(frame.time_ns / kNsPerSecond));
    put(out, static_cast<std::uint32_t>(frame.time_ns % kNsPerSecond));
    put(out, length);
    put(out, length);
    out.append(frame.bytes.begin(), frame.bytes.end());
  }
  return out;
}

Status write_pcap(const std::string& path, std::span<const TimedFrame> frames) {
  const std::string image = pcap_image(frames);
  const auto close = [](std::FILE* file) { std::fclose(file); };
  std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "wb"), close);
  if (!file) return fail_sys(errno, fmt::format("create {}", path));
  if (std::fwrite(image.data(), 1, image.size(), file.get()) != image.size()) {
    return fail_sys(errno, fmt::format("write {}", path));
  }
  if (std::fclose(file.release()) != 0) return fail_sys(errno, fmt::format("write {}", path));
  return {};
}

} // namespace xtg::packet
