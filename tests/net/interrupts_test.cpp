// SPDX-License-Identifier: BSD-2-Clause
// Read from files in the places of /proc and /sys.
#include "net/interrupts.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace xtg::net {
namespace {

namespace fs = std::filesystem;

class InterruptsTest : public testing::Test {
protected:
  InterruptsTest() {
    std::string name = (fs::temp_directory_path() / "xtg-interrupts-XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~InterruptsTest() override { fs::remove_all(root_); }
  void put(const fs::path& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  fs::path root_;
};

TEST_F(InterruptsTest, OfACardBelowVirtio) {
  put("sys/devices/pci/0000:03/msi_irqs/25", "msix\n");
  put("sys/devices/pci/0000:03/msi_irqs/26", "msix\n");
  put("sys/devices/pci/0000:03/virtio0/driver", "");
  fs::create_directories(root_ / "sys/class/net/eth0");
  fs::create_directory_symlink(root_ / "sys/devices/pci/0000:03/virtio0",
                               root_ / "sys/class/net/eth0/device");
  put("proc/interrupts", "   CPU0 CPU1\n 25:  1 2  PCI 1-edge virtio0-input.0\n"
                         " 26:  1 2  PCI 2-edge virtio0-output.0\n 27: 0 0 PCI other\n");
  put("proc/irq/25/effective_affinity_list", "1\n");
  put("proc/irq/25/smp_affinity_list", "0-1\n");
  put("proc/irq/26/smp_affinity_list", "0-1\n");
  const auto found = interrupts("eth0", root_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], (plan::Interrupt{25, "virtio0-input.0", {1}}));
  EXPECT_EQ(found[1], (plan::Interrupt{26, "virtio0-output.0", {0, 1}}));
}

TEST_F(InterruptsTest, QueuesAndTheirCpus) {
  put("sys/class/net/eth0/queues/tx-0/xps_cpus", "00000000,00000003\n");
  put("sys/class/net/eth0/queues/tx-1/xps_cpus", "0\n");
  const auto found = queue_cpus("eth0", root_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], (plan::QueueCpus{0, {0, 1}}));
  EXPECT_EQ(found[1], (plan::QueueCpus{1, {}}));
}

TEST_F(InterruptsTest, NothingOfWhatIsNotThere) {
  EXPECT_TRUE(interrupts("eth0", root_).empty());
  EXPECT_TRUE(queue_cpus("eth0", root_).empty());
}

} // namespace
} // namespace xtg::net
