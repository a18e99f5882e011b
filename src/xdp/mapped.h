// SPDX-License-Identifier: BSD-2-Clause
// A memory-mapped array map. Internal to xdp.
#pragma once

#include <cerrno>
#include <cstddef>
#include <utility>

#include <sys/mman.h>

#include "core/result.h"

namespace xtg::xdp {

template <class T>
class MappedArray {
public:
  /// `value_size`: bytes of an element, if more than a T.
  static Result<MappedArray> map(int map_fd, std::size_t count,
                                 std::size_t value_size = sizeof(T)) {
    // The kernel aligns elements to multiples of eight and maps whole pages.
    static_assert(sizeof(T) % 8 == 0 || sizeof(T) == 4);
    const std::size_t stride = (value_size + 7) / 8 * 8;
    const std::size_t page = 4096, bytes = (count * stride + page - 1) / page * page;
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (at == MAP_FAILED) return fail_sys(errno, "map the kernel programs' memory");
    return MappedArray(static_cast<std::byte*>(at), bytes, stride);
  }
  MappedArray() = default;
  MappedArray(MappedArray&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), bytes_(std::exchange(other.bytes_, 0)),
        stride_(other.stride_) {}
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(bytes_, other.bytes_);
    std::swap(stride_, other.stride_);
    return *this;
  }
  ~MappedArray() {
    if (at_ != nullptr) munmap(at_, bytes_);
  }
  [[nodiscard]] T& operator[](std::size_t i) const {
    return *reinterpret_cast<T*>(at_ + i * stride_);
  }

private:
  MappedArray(std::byte* at, std::size_t bytes, std::size_t stride)
      : at_(at), bytes_(bytes), stride_(stride) {}
  std::byte* at_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t stride_ = 0;
};

} // namespace xtg::xdp
