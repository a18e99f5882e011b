// SPDX-License-Identifier: BSD-2-Clause
// The values are those of the authors' reference (vectors.h of github.com/veorq/SipHash): key 00 01
// ... 0f, message 00 01 02 ...; confirmed by `openssl mac -macopt size:8 SIPHASH`.
#include "xtg/abi/siphash.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace {

std::uint64_t sum_of_counting(std::uint32_t words) {
  std::vector<std::uint8_t> message(8 * words), key(16);
  for (std::size_t i = 0; i < message.size(); i++)
    message[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < key.size(); i++)
    key[i] = static_cast<std::uint8_t>(i);
  __u64 k[2], word = 0;
  std::memcpy(k, key.data(), sizeof k);
  const xtg_sip_key sip{xtg_sip_word(k[0]), xtg_sip_word(k[1])};
  xtg_sip s{};
  xtg_sip_begin(&s, &sip);
  for (std::uint32_t i = 0; i < words; i++) {
    std::memcpy(&word, message.data() + 8 * i, sizeof word);
    xtg_sip_add(&s, word);
  }
  return xtg_sip_end(&s, words);
}

TEST(AbiSiphash, AsTheReferenceHasIt) {
  EXPECT_EQ(sum_of_counting(0), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(sum_of_counting(1), 0x93f5f5799a932462U);
  EXPECT_EQ(sum_of_counting(2), 0x3f2acc7f57c29bdbU);
}

} // namespace
