# SPDX-License-Identifier: BSD-2-Clause
"""The Debian package on this system, over which an overlay lies: installed, tried and removed, beside xdp-tools or not."""
import glob
import json
import os
import subprocess

import lib

BUILD = os.environ.get("XTG_BUILD", "")
FULL, SHORT = "/usr/sbin/xdp-trafficgen", "/usr/bin/xtg"
PAGE = "/usr/share/man/man8/xdp-trafficgen.8.gz"
# The root of a mount namespace that lives as long as its standard input: its own files lie in UPPER.
HOLD = """
set -e
mount -t tmpfs tmpfs "$1" && mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc" && mount -t sysfs sysfs "$1/root/sys"
mount --rbind /dev "$1/root/dev" && mount -t tmpfs tmpfs "$1/root/run" && mount -t tmpfs tmpfs "$1/root/tmp"
echo ready
exec cat
"""
# What dpkg writes about every package and every removal.
BOOKS = ("/var/lib/dpkg/", "/var/log/", "/var/cache/", "/etc/ld.so.cache")


def make_package(folder):
    """The package, from what was built."""
    for tool in ("dpkg", "dpkg-deb", "dpkg-shlibdeps", "cpack"):
        lib.need_tool(tool)
    if not os.path.exists(f"{BUILD}/CPackConfig.cmake"):
        lib.skip("a build with the Debian package")
    subprocess.run(["cpack", "--config", f"{BUILD}/CPackConfig.cmake", "-B", folder], check=True, capture_output=True,
                   timeout=4 * lib.PATIENCE)
    package, = glob.glob(f"{folder}/*.deb")
    return package


class Package(lib.TestCase):

    def setUp(self):
        self.folder = lib.scratch(self)
        self.ours = make_package(f"{self.folder}/ours")
        self.theirs = self.xdp_tools()
        self.mount = f"{self.folder}/mount"
        os.mkdir(self.mount)
        self.holder = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", HOLD, "sh", self.mount],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.release)
        if self.holder.stdout.readline() != "ready\n":
            lib.skip(f"an overlay over this system: {self.holder.stderr.read()}")
        for package in ("xdp-trafficgen-ng", "xdp-tools"):  # a developer's machine may have them
            self.run_inside("dpkg", "--purge", "--force-depends", package, check=False)
        self.before = self.files()

    def release(self):
        self.holder.stdin.close()
        self.holder.wait(lib.PATIENCE)
        self.holder.stdout.close()
        self.holder.stderr.close()

    def xdp_tools(self):
        """A package that owns what Debian's xdp-tools owns of the name."""
        root = f"{self.folder}/theirs"
        for path, text in ((FULL, "#!/bin/sh\necho theirs\n"), (PAGE, "")):
            os.makedirs(root + os.path.dirname(path), exist_ok=True)
            with open(root + path, "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(root + path, 0o755)
        os.mkdir(f"{root}/DEBIAN")
        with open(f"{root}/DEBIAN/control", "w", encoding="ascii") as file:
            file.write("Package: xdp-tools\nVersion: 999\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\n"
                       "Description: stands for Debian's\n")
        lib.call("dpkg-deb", "--root-owner-group", "-b", root, f"{self.folder}/theirs.deb")
        return f"{self.folder}/theirs.deb"

    def run_inside(self, *command, check=True):
        done = subprocess.run(["nsenter", "-t", str(self.holder.pid), "-m", "chroot", f"{self.mount}/root", "env",
                               "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command],
                              capture_output=True, text=True, timeout=4 * lib.PATIENCE, check=False)
        if check:
            self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def install(self, package):
        # /tmp is the root's own: the package comes by standard input.
        with open(package, "rb") as file:
            subprocess.run(["nsenter", "-t", str(self.holder.pid), "-m", "chroot", f"{self.mount}/root", "sh", "-c",
                            "cat >/tmp/it.deb"], stdin=file, check=True, timeout=lib.PATIENCE)
        self.run_inside("dpkg", "--force-unsafe-io", "-i", "/tmp/it.deb")

    def remove(self, package):
        self.run_inside("dpkg", "--force-unsafe-io", "--purge", package)

    def files(self):
        """What lies over this system: files, links and what hides files, but for the books of dpkg."""
        found = subprocess.run(["nsenter", "-t", str(self.holder.pid), "-m", "find", f"{self.mount}/upper", "!", "-type", "d",
                                "-printf", "/%P %y %l\n"], capture_output=True, text=True, check=True, timeout=lib.PATIENCE)
        return sorted(line for line in found.stdout.splitlines() if not line.startswith(BOOKS))

    def is_ours(self, path=FULL):
        return self.run_inside(path, "--version").startswith("xdp-trafficgen ")

    def test_alone(self):
        self.install(self.ours)
        self.assertTrue(self.is_ours(SHORT))
        self.assertTrue(self.is_ours(FULL))
        self.assertEqual(self.run_inside("readlink", "-f", PAGE).strip(), "/usr/share/man/man8/xtg.8.gz")
        self.assertTrue(self.run_inside("xtg", "udp", "--help").startswith("Usage: xtg udp "))
        for name in ("xtg", "xdp-trafficgen"):
            said = self.run_inside("sh", "-c", f"{name} -c 198.18.0.2 2>&1", check=False)
            self.assertTrue(said.startswith(f"{name}: ") and f"here: {name} tcp HOST" in said, said)
        completes = self.run_inside("bash", "-c", ". /usr/share/bash-completion/completions/xtg && complete -p xtg")
        self.assertIn("xtg", completes)
        result = json.loads(self.run_inside("xtg", "demo", "--duration", "500ms", "--json"))
        self.assertGreater(result["end"]["sum"]["accepted"], 0, result)
        self.install(self.ours)  # an upgrade
        self.assertTrue(self.is_ours(FULL))
        self.remove("xdp-trafficgen-ng")
        self.assertEqual(self.files(), self.before)

    def test_beside_xdp_tools(self):
        self.install(self.theirs)
        self.install(self.ours)
        self.assertEqual(self.run_inside(FULL), "theirs\n")
        self.assertTrue(self.is_ours(SHORT))
        self.remove("xdp-tools")
        self.assertTrue(self.is_ours(FULL), "the name became free")
        self.install(self.theirs)
        self.assertEqual(self.run_inside(FULL), "theirs\n")
        self.remove("xdp-trafficgen-ng")
        self.assertEqual(self.run_inside(FULL), "theirs\n")
        self.remove("xdp-tools")
        self.assertEqual(self.files(), self.before)


if __name__ == "__main__":
    lib.main()
