"""Login by OpenID Connect against a provider that others have written (npm oauth2-mock-server)."""

import os
import socket
import subprocess
import unittest

from program import ROOT

SERVER = os.path.join(ROOT, ".deps", "npm", "node_modules", ".bin", "oauth2-mock-server")
DRIVER = os.environ.get("PENSTOCK_OIDC_DRIVER", os.path.join(ROOT, "build", "tests", "oidc_driver"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@unittest.skipUnless(os.access(SERVER, os.X_OK), "npm oauth2-mock-server is not there (./dev setup)")
class OidcTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        environment = {name: value for name, value in os.environ.items() if name != "PORT"}
        cls.provider = subprocess.Popen([SERVER, "-a", "127.0.0.1", "-p", str(port)], stdout=subprocess.PIPE, text=True,
                                        env=environment)
        cls.issuer = None
        for line in cls.provider.stdout:
            if "OAuth 2 issuer is" in line:
                cls.issuer = line.split("issuer is")[1].strip()
                break
        if cls.issuer is None:
            raise RuntimeError("oauth2-mock-server does not start: see what it says by hand")

    @classmethod
    def tearDownClass(cls):
        cls.provider.kill()
        cls.provider.wait()
        cls.provider.stdout.close()

    def log_in(self, *words):
        done = subprocess.run([DRIVER, self.issuer, *words], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, (done.stdout + done.stderr).strip()

    def test_who_comes_is_told(self):
        self.assertEqual(self.log_in(), (0, f"johndoe {self.issuer} johndoe"))

    def test_what_is_not_believed(self):
        for wrong, message in (("wrong_nonce", "belongs to another login"), ("wrong_verifier", "does not take the code")):
            with self.subTest(wrong):
                code, told = self.log_in(wrong)
                self.assertEqual(code, 1, told)
                self.assertTrue(told.startswith("auth: "), told)
                self.assertIn(message, told)

    def test_an_issuer_that_is_none(self):
        done = subprocess.run([DRIVER, self.issuer + "/x"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.startswith("config: "), done.stdout)


if __name__ == "__main__":
    unittest.main()
