"""A stand-in of one vendor under test. Every test talks to it over HTTP; with PENSTOCK_THROUGH_PRISM=1 all requests go
through Prism, which is loaded with the vendor's own API descriptions (../shared/contracts beside the repository, or
PENSTOCK_CONTRACTS) and tells what the requests or the answers do not hold to."""
import base64
import http.client
import json
import os
import re
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "contract"))
from descriptions import DESCRIBED  # noqa: E402
from judge import missing, unexpected  # noqa: E402
from servers import CONTRACTS, ROOT, Prism, Sandbox, listens, violations_in, wait_until  # noqa: E402

THROUGH_PRISM = os.environ.get("PENSTOCK_THROUGH_PRISM") == "1"


def form(**values):
    return urllib.parse.urlencode(values)


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Reply:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def json(self):
        return json.loads(self.text)


class Dialect(unittest.TestCase):
    vendor = None
    options = ()  # of the sandbox
    login = {"Authorization": "Bearer test-token"}
    described = None  # the vendor's description, where it is not called as the vendor

    @classmethod
    def setUpClass(cls):
        cls.parts, cls.prisms, cls.violations, cls.judged = [], [], [], 0
        cls.description = DESCRIBED.get(cls.described or cls.vendor)
        if cls.vendor is None:
            raise unittest.SkipTest("the base of the others")
        if THROUGH_PRISM and not cls.description:
            raise unittest.SkipTest(f"there is no API description of {cls.vendor}")
        # Whoever writes a dialect tries the file as it stands, without building the program anew.
        source = (["--dialect", os.path.join(ROOT, "sandbox", cls.vendor + ".lua")] if os.environ.get("PENSTOCK_DIALECTS")
                  else ["--vendor", cls.vendor])
        cls.sandbox = Sandbox(*source, "--job-time", "40ms", *cls.options)
        cls.parts.append(cls.sandbox)
        if THROUGH_PRISM:
            for file, pattern, cut in cls.description.files:
                prism = Prism(os.path.join(CONTRACTS, file), cls.sandbox.url + cut)
                cls.parts.append(prism)
                cls.prisms.append((pattern, cut, prism.port))
            for _, _, port in cls.prisms:
                wait_until("Prism", lambda port=port: listens(port), 120)

    @classmethod
    def tearDownClass(cls):
        for part in reversed(cls.parts):
            part.stop()
        if THROUGH_PRISM and cls.prisms and not cls.judged:
            raise AssertionError(f"{cls.vendor}: no request met its description")

    def setUp(self):
        self.sandbox.call("POST", "/_sandbox/reset")
        type(self).violations = []

    def tearDown(self):
        self.assertEqual(self.violations, [], "\n".join(self.violations))

    def target(self, path):
        for pattern, cut, port in self.prisms:
            if re.search(pattern, path):
                return port, path[len(cut):]
        return self.sandbox.port, path

    def test_the_description_judges(self):
        if not THROUGH_PRISM:
            self.skipTest("no description is looked at")
        for method, path, body in self.description.noticed:
            self.send(method, path, body, wrong=True)
            self.assertNotEqual(self.violations, [], f"{method} {path}: nothing is found wrong with {body}")
            type(self).violations = []
        self.assertTrue(self.description.noticed, "one request that must be found wrong, else a pass means nothing")

    def send(self, method, path, body=None, headers=None, login=True, judge=True, wrong=False, allow=()):
        """`judge=False`: past the description, which does not know this request; `allow`: what it may find wrong."""
        sent = {**(self.login if login is True else login or {}), **(headers or {})}
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        known = self.description and not any(re.search(each, f"{method} {path}") for each in self.description.lacks)
        port, at = self.target(path) if judge and known else (self.sandbox.port, path)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, at, body.encode() if isinstance(body, str) else body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        refused = self.description and re.search(self.description.refusal, text)
        status = 200 if wrong else 400 if refused else answer.status
        found = unexpected(violations_in(answer.getheader("sl-violations")), status,
                           (*(self.description.wrong if self.description else ()), *allow))
        cls = type(self)
        cls.judged += port != self.sandbox.port
        cls.violations = cls.violations + [f"{method} {path} -> {answer.status}: {one}\n    {text[:300]}" for one in found]
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)

    def expect(self, status, method, path, body=None, **options):
        reply = self.send(method, path, body, **options)
        self.assertEqual(reply.status, status, f"{method} {path}: {reply.text[:600]}")
        return reply.json if reply.text[:1] in ("{", "[") else reply.text

    def records(self, kind):
        return [one["properties"] for one in self.sandbox.records(kind)]

    def stats(self):
        return json.loads(self.sandbox.call("GET", "/_sandbox/stats")[1])

    def until(self, ask, done, seconds=10):
        """Polls a job: what `ask` gives, as soon as `done` likes it."""
        end = time.monotonic() + seconds
        while True:
            seen = ask()
            if done(seen):
                return seen
            self.assertLess(time.monotonic(), end, f"the job does not end: {seen}")
            time.sleep(0.01)

    def assert_login_is_needed(self, method, path, status=401, body=None):
        self.assertEqual(self.send(method, path, body, login=False, judge=False).status, status)
        self.sandbox.call("POST", "/_sandbox/token", {"token": "revoked-token", "state": "revoked"})


def run():
    if THROUGH_PRISM and missing():
        print("skipped:", missing())
        sys.exit(77)
    unittest.main(module="__main__", argv=sys.argv)
