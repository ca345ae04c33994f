"""Answers travel compressed for who takes gzip, and are the same answers."""

import gzip
import http.client
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]

from harness import main, person  # noqa: E402
from served import ServedTest  # noqa: E402

SYNCS = 1000


class Compression(ServedTest):
    def setUp(self):
        super().setUp()
        self.rows = [person(1)]
        for number in range(SYNCS):
            self.project.sync(f"s{number:04}", description=f"What goes there, number {number}")
        self.served = self.serve("--no-schedules")

    def ask(self, path, accepts=None, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        connection.request(method, path, body=body, headers={} if accepts is None else {"Accept-Encoding": accepts})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.assertEqual(answer.status, 200, text[:500])
        return answer.headers, text

    def test_large_answers_are_smaller_and_the_same(self):
        plain_headers, plain = self.ask("/api/v1/syncs")
        headers, packed = self.ask("/api/v1/syncs", "gzip, deflate, br")
        self.assertEqual((plain_headers["Content-Encoding"], headers["Content-Encoding"]), (None, "gzip"))
        for one in (plain_headers, headers):
            self.assertEqual(one["Vary"], "Accept-Encoding")
        self.assertEqual(int(headers["Content-Length"]), len(packed))
        self.assertEqual(json.loads(gzip.decompress(packed)), json.loads(plain))
        self.assertEqual(len(json.loads(plain)), SYNCS + 1)
        self.assertLess(len(packed) * 5, len(plain), "a fifth at most")
        print(f"/api/v1/syncs of {SYNCS + 1}: {len(plain)} bytes, {len(packed)} compressed", file=sys.stderr)

    def test_a_real_client(self):
        done = subprocess.run(["curl", "-sS", "--compressed", "-w", "%{size_download}", self.served.url + "/api/v1/syncs"],
                              capture_output=True, text=True, check=True)
        text, bytes_on_the_way = done.stdout.rsplit("]", 1)
        self.assertEqual(len(json.loads(text + "]")), SYNCS + 1)
        self.assertLess(int(bytes_on_the_way) * 5, len(text))

    def test_who_does_not_take_it_gets_it_plain(self):
        for accepts in ("identity", "gzip;q=0", "gzip; q=0.0, *", "br", "*;q=0", ""):
            with self.subTest(accepts):
                headers, text = self.ask("/api/v1/syncs", accepts)
                self.assertIsNone(headers["Content-Encoding"])
                json.loads(text)
        for accepts in ("gzip;q=0.5", "br, GZIP", "*", "x-gzip"):
            with self.subTest(accepts):
                self.assertEqual(self.ask("/api/v1/syncs", accepts)[0]["Content-Encoding"], "gzip")

    def test_what_stays_plain(self):
        for path in ("/api/v1/session", "/healthz", "/api/v1/syncs/s0001/refused"):
            with self.subTest(path):
                self.assertIsNone(self.ask(path, "gzip")[0]["Content-Encoding"])
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        connection.request("GET", "/api/v1/events", headers={"Accept-Encoding": "gzip"})
        self.assertIsNone(connection.getresponse().headers["Content-Encoding"])
        connection.close()

    def test_texts_and_pages(self):
        for path in ("/api/v1/openapi.yaml", "/metrics", "/"):
            with self.subTest(path):
                plain = self.ask(path)[1]
                headers, text = self.ask(path, "gzip")
                if len(plain) < 1024:
                    continue
                self.assertEqual((headers["Content-Encoding"], headers.get_all("Vary")), ("gzip", ["Accept-Encoding"]))
                if path != "/metrics":
                    self.assertEqual(gzip.decompress(text), plain)


if __name__ == "__main__":
    main()
