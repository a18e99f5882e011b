// SPDX-License-Identifier: BSD-2-Clause
#include "packet/pcap.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace xtg::packet {

namespace {

constexpr std::uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kSnapLength = 262144;
constexpr std::uint32_t kLinkTypeEthernet = 1;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// Blocks and options of pcapng (draft-ietf-opsawg-pcapng).
constexpr std::uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kEndOfOptions = 0, kComment = 1, kTimeResolution = 9;
constexpr char kNanoseconds = 9; // 10^-9 s
constexpr std::size_t kCommentMost = 65'532;

// The magic number gives the byte order; little-endian makes the file the same on every machine.
void put(std::string& out, std::uint32_t value, int bytes = 4) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> (8 * i) & 0xff);
}

/// Pads to whole 32-bit words, as pcapng requires.
void pad(std::string& out) {
  out.append((4 - out.size() % 4) % 4, '\0');
}

void put_option(std::string& out, std::uint32_t code, std::string_view value) {
  put(out, code, 2);
  put(out, static_cast<std::uint32_t>(value.size()), 2);
  out += value;
  pad(out);
}

std::string block(std::uint32_t type, const std::string& body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  std::string out;
  put(out, type);
  put(out, length);
  out += body;
  put(out, length);
  return out;
}

std::string classic_head() {
  std::string out;
  put(out, kMagicNanoseconds);
  put(out, 2, 2); // version 2.4
  put(out, 4, 2);
  put(out, 0); // time zone and accuracy: always 0
  put(out, 0);
  put(out, kSnapLength);
  put(out, kLinkTypeEthernet);
  return out;
}

std::string commented_head() {
  std::string section, interface;
  put(section, kByteOrder);
  put(section, 1, 2); // version 1.0
  put(section, 0, 2);
  put(section, 0xffffffff); // length of the section: not given
  put(section, 0xffffffff);
  put(interface, kLinkTypeEthernet, 2);
  put(interface, 0, 2); // reserved
  put(interface, kSnapLength);
  put_option(interface, kTimeResolution, {&kNanoseconds, 1});
  put_option(interface, kEndOfOptions, {});
  return block(kSection, section) + block(kInterface, interface);
}

void put_bytes(std::string& out, std::span<const std::uint8_t> bytes) {
  out.append(bytes.begin(), bytes.end());
}

std::string classic_record(const Captured& frame) {
  std::string out;
  put(out, static_cast<std::uint32_t>(frame.time_ns / kNsPerSecond));
  put(out, static_cast<std::uint32_t>(frame.time_ns % kNsPerSecond));
  put(out, static_cast<std::uint32_t>(frame.bytes.size()));
  put(out, frame.length);
  put_bytes(out, frame.bytes);
  return out;
}

std::string commented_record(const Captured& frame, std::string_view comment) {
  std::string out;
  put(out, 0); // the one interface
  put(out, static_cast<std::uint32_t>(frame.time_ns >> 32));
  put(out, static_cast<std::uint32_t>(frame.time_ns));
  put(out, static_cast<std::uint32_t>(frame.bytes.size()));
  put(out, frame.length);
  put_bytes(out, frame.bytes);
  pad(out);
  if (!comment.empty()) {
    put_option(out, kComment, comment.substr(0, kCommentMost));
    put_option(out, kEndOfOptions, {});
  }
  return block(kPacket, out);
}

} // namespace

PcapWriter::PcapWriter(std::string path, std::FILE* file)
    : path_(std::move(path)), commented_(path_.ends_with(".pcapng")), file_(file) {}

Result<PcapWriter> PcapWriter::create(const std::string& path) {
  // Standard output stays open for others.
  std::FILE* const file = path == "-" ? fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "wb")
                                      : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail_sys(errno, fmt::format("create {}", path));
  PcapWriter writer(path, file);
  if (auto ok = writer.put(writer.commented_ ? commented_head() : classic_head()); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  return writer;
}

Status PcapWriter::put(const std::string& bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size()) return {};
  return fail_sys(errno, fmt::format("write {}", path_));
}

Status PcapWriter::write(const Captured& frame, std::string_view comment) {
  return put(commented_ ? commented_record(frame, comment) : classic_record(frame));
}

Status PcapWriter::flush() {
  if (std::fflush(file_.get()) == 0) return {};
  return fail_sys(errno, fmt::format("write {}", path_));
}

Status PcapWriter::close() {
  // Flushes the C library's buffers.
  if (std::fclose(file_.release()) == 0) return {};
  return fail_sys(errno, fmt::format("write {}", path_));
}

Status write_pcap(const std::string& path, std::span<const TimedFrame> frames) {
  auto writer = PcapWriter::create(path);
  if (!writer) return tl::unexpected<Error>(std::move(writer.error()));
  for (const TimedFrame& frame : frames)
    if (auto ok = writer->write(
            {frame.time_ns, frame.bytes, static_cast<std::uint32_t>(frame.bytes.size())});
        !ok)
      return ok;
  return writer->close();
}

} // namespace xtg::packet
