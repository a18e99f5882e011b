// SPDX-License-Identifier: BSD-2-Clause
#include "plan/placement.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

constexpr const char* kInterrupts =
    "           CPU0       CPU1       \n"
    "  1:          9          0   IO-APIC   1-edge      i8042\n"
    " 24:          0          5  PCI-MSIX-0000:00:03.0   0-edge      virtio0-config\n"
    " 25:     123456          0  PCI-MSIX-0000:00:03.0   1-edge      virtio0-input.0\n"
    " 26:          0     654321  PCI-MSIX-0000:00:03.0   2-edge      virtio0-output.0   \n"
    "NMI:          0          0   Non-maskable interrupts\n";

TEST(Placement, InterruptsOfADevice) {
  const auto found = parse_interrupts(kInterrupts, {26, 24, 25, 99});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], (Interrupt{24, "virtio0-config", {}}));
  EXPECT_EQ(found[1], (Interrupt{25, "virtio0-input.0", {}}));
  EXPECT_EQ(found[2], (Interrupt{26, "virtio0-output.0", {}}));
  EXPECT_TRUE(parse_interrupts("", {24}).empty());
  EXPECT_TRUE(parse_interrupts(kInterrupts, {}).empty());
}

TEST(Placement, WhichMayReceive) {
  for (const char* name : {"eth0-TxRx-3", "virtio0-input.0", "eth1-rx-0", "eth0", "mlx5_comp0"})
    EXPECT_TRUE(may_receive({1, name, {}})) << name;
  for (const char* name : {"eth1-tx-0", "virtio0-output.1", "virtio0-config", "mlx5_async0@pci"})
    EXPECT_FALSE(may_receive({1, name, {}})) << name;
}

TEST(Placement, Masks) {
  EXPECT_EQ(parse_cpu_mask("00000000,00000005\n"), (std::vector{0, 2}));
  EXPECT_EQ(parse_cpu_mask("1,00000000\n"), std::vector{32});
  EXPECT_EQ(parse_cpu_mask("f\n"), (std::vector{0, 1, 2, 3}));
  EXPECT_TRUE(parse_cpu_mask("0\n").empty());
  EXPECT_TRUE(parse_cpu_mask("").empty());
}

TEST(Placement, SharedCpus) {
  const std::vector<Interrupt> interrupts = {{25, "eth0-rx-0", {0}},
                                             {26, "eth0-tx-0", {1}},
                                             {27, "eth0-rx-1", {2}},
                                             {28, "eth0-rx-2", {0, 1, 2, 3}}};
  EXPECT_EQ(shared_cpus_note("eth0", interrupts, {1, 3}), "");
  EXPECT_EQ(shared_cpus_note("eth0", {}, {0}), "");
  EXPECT_EQ(shared_cpus_note("eth0", interrupts, {1, 2}),
            "CPU 2 serves receive interrupts of eth0 as well (eth0-rx-1): what arrives slows the "
            "sender; --cpus chooses others");
  EXPECT_EQ(shared_cpus_note("eth0", interrupts, {2, 0}),
            "CPUs 0,2 serve receive interrupts of eth0 as well (eth0-rx-0): what arrives slows "
            "the sender; --cpus chooses others");
}

TEST(Placement, Descriptions) {
  EXPECT_EQ(describe(std::vector<Interrupt>{}), "none of its own");
  EXPECT_EQ(describe(std::vector<Interrupt>{{1, "a-rx", {2}}, {2, "a-tx", {0, 1}}, {3, "b", {}}}),
            "a-rx on CPU 2; a-tx on CPUs 0,1; b on ?");
  EXPECT_EQ(describe(std::vector<QueueCpus>{{0, {}}, {1, {}}}), "from any CPU");
  EXPECT_EQ(describe(std::vector<QueueCpus>{{0, {0, 2}}, {1, {1}}}),
            "0 from CPUs 0,2; 1 from CPU 1");
}

} // namespace
} // namespace xtg::plan
