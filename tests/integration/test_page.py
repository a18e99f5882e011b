# SPDX-License-Identifier: BSD-2-Clause
"""The page of `serve`, in a browser in another namespace."""
import json
import types

import lib
import serve_lib
from browser import Browser

# Whether a line is drawn in the colour of the first series: the canvas has pixels of it.
DRAWN = """[...document.querySelectorAll('#charts figure')].filter((figure) => {
  return [...figure.querySelectorAll('canvas')].some((canvas) => {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] > 200 && data[i + 2] > data[i] + 80) return true; // blue
    return false;
  });
}).map((figure) => figure.querySelector('figcaption').textContent)"""


class Page(lib.TestCase):

    @classmethod
    def setUpClass(cls):
        lib.need_tool("chromium")
        keeper = types.SimpleNamespace(addCleanup=cls.addClassCleanup)
        folder = lib.scratch(keeper)
        cls.wire = lib.Wire()
        cls.addClassCleanup(cls.wire.close)
        cls.wire.near("ethtool", "-K", cls.wire.near_if, "gro", "on") # it receives, too
        cls.server = serve_lib.Server(keeper, cls.wire.far_ns, [cls.wire.far_if], cls.wire.far_ip,
                                      "--send-to", cls.wire.near_ip)
        cls.browser = Browser(keeper, cls.wire.near_ns, folder)
        cls.browser.look_like(1100)

    def setUp(self):
        self.browser.open(f"http://{self.wire.far_ip}:9950/")
        self.browser.problems.clear()

    def tearDown(self):
        # The page asks without a token before it asks for one.
        self.assertEqual([each for each in self.browser.problems if " 401 " not in each], [])

    def give(self, token):
        browser = self.browser
        browser.wait("!document.getElementById('sign-in').hidden")
        browser.type("#token", token)
        browser.press("Enter")

    def sign_in(self):
        if self.browser.value("sessionStorage.length") == 0:
            self.give(serve_lib.TOKEN)
        self.browser.wait("document.querySelectorAll('#interfaces tr').length === 1")

    def fill(self, **options):
        """Fields that are looked for by name, as a person would."""
        browser = self.browser
        for key, text in options.items():
            browser.type("#find", key.replace("_", " "))
            browser.click(f"#option-{key}")
            browser.type(f"#option-{key}", str(text))
        browser.type("#find", " ")

    def start(self, command, **options):
        browser = self.browser
        browser.value(f"document.getElementById('command').value = '{command}';"
                      "document.getElementById('command').dispatchEvent(new Event('change'))")
        self.fill(**options)
        browser.click("#start")
        return browser.wait("document.querySelector('tr.chosen')?.dataset.test")

    def test_wrong_token(self):
        self.browser.value("sessionStorage.clear()")
        self.browser.open(f"http://{self.wire.far_ip}:9950/")
        self.give("not-the-token")
        self.browser.wait("document.getElementById('trouble').textContent.includes('token is not')")
        self.assertTrue(self.browser.value("document.getElementById('main').hidden"))
        self.assertEqual(self.browser.value("sessionStorage.length + localStorage.length + document.cookie.length"), 0)
        self.sign_in()
        self.assertEqual(self.browser.text("#trouble"), "")

    def test_sends_and_shows_it(self):
        browser = self.browser
        self.sign_in()
        self.assertIn(self.wire.far_ip, browser.text("#interfaces"))
        name = self.start("udp", dst_addr=self.wire.near_ip, dst_mac=self.wire.near_mac, rate="2kpps", duration="2s",
                          interval="100ms")
        browser.wait(f"({DRAWN}).includes('Packet rate over time')")
        browser.wait("/[1-9].* kpps/.test(document.querySelector('#charts .legend').textContent)")
        browser.wait("document.getElementById('state').textContent === 'done'")
        browser.wait("document.getElementById('verdict').textContent.includes('Completed')")
        browser.click("#json")
        document = json.loads(browser.file(name + ".json"))
        self.assertEqual(document["exit_status"], 0)
        self.assertEqual(document["start"]["configuration"]["test"]["rate"], "2kpps")
        self.assertGreater(document["end"]["sum"]["packets"], 0)
        browser.click("#report")
        self.assertIn("To repeat it", browser.file(name + ".html"))

    def test_receives_until_it_is_stopped(self):
        browser = self.browser
        self.sign_in()
        self.start("rx", interval="100ms")
        browser.wait("document.getElementById('state').textContent.startsWith('running')")
        with self.wire.start("udp", self.wire.near_if, "-m", self.wire.far_mac, "-a", self.wire.far_ip, "-s", 128,
                             "--rate", "1kpps", "--duration", "30s") as sender:
            for title in ("Packet rate", "Latency"):
                browser.wait(f"({DRAWN}).includes('{title} over time')")
            browser.click("#stop")
            browser.wait("document.getElementById('state').textContent === 'done'")
            self.assertTrue(sender.running())
        browser.wait("document.getElementById('figures').textContent.includes('median')")

    def test_a_refusal_is_shown(self):
        self.sign_in()
        browser = self.browser
        self.fill(dst_addr="198.18.99.9")
        browser.click("#start")
        browser.wait("document.getElementById('refusal').textContent.includes('challenge')")
        browser.problems = [each for each in browser.problems if " 403 " not in each]

    def test_phone(self):
        """Nothing is wider than the screen."""
        browser = self.browser
        self.addCleanup(browser.look_like, 1100)
        browser.look_like(390, 844, mobile=True)
        self.sign_in()
        browser.value("document.querySelectorAll('details').forEach((each) => each.open = true)")
        self.assertEqual(browser.value("document.documentElement.scrollWidth"), 390)


if __name__ == "__main__":
    lib.main()
