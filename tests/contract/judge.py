"""Requests of a connector under the eyes of the vendor's own description: everything that Penstock sends to a sandbox
goes through Prism, and what either side does that the description does not have is kept."""
import http.client
import json
import os
import re
import urllib.parse

from descriptions import DESCRIBED
from servers import CONTRACTS, PRISM, Prism, Recorder, listens, wait_until


def missing():
    """Why nothing can be judged here, or nothing."""
    if not os.path.isdir(CONTRACTS):
        return f"the vendors' API descriptions are not in {CONTRACTS}"
    if not os.access(PRISM, os.X_OK):
        return "Prism is not installed: run ./dev setup"
    return None


def unexpected(violations, status, wrong=()):
    """Without those that are known to be none. A request that was refused may well be wrong, and few descriptions list
    the status of every refusal."""
    known = (*wrong, "^request", "returned status code") if status >= 400 else wrong
    return [one for one in violations if not any(re.search(each, one) for each in known)]


class Judge:
    """penstock -> front -> Prism, if a description fits the path -> back -> the sandbox of the moment."""

    def __init__(self, vendor):
        self.described = DESCRIBED[vendor]
        self.sandbox_port = None
        self.back = Recorder(lambda path, _: (self.sandbox_port, path))
        self.prisms = [(pattern, cut, Prism(os.path.join(CONTRACTS, file), self.back.url + cut))
                       for file, pattern, cut in self.described.files]
        for _, _, prism in self.prisms:
            wait_until("Prism", lambda port=prism.port: listens(port), 120)
        self.front = Recorder(self.route)
        self.judged = 0
        self.check_that_it_judges()

    def stop(self):
        for part in (self.front, *(prism for _, _, prism in self.prisms), self.back):
            part.stop()
        if not self.judged:
            raise AssertionError("no request met its description")

    def route(self, path, method):
        for pattern, cut, prism in self.prisms:
            if re.search(pattern, path) and not self.lacks(path, method):
                self.judged += 1
                return prism.port, path[len(cut):]
        return self.sandbox_port, path

    def lacks(self, path, method):
        return any(re.search(each, f"{method} {path}") for each in self.described.lacks)

    def goes_past(self, exchange):
        return not any(re.search(pattern, exchange.path) for pattern, _, _ in self.prisms) and not self.lacks(exchange.path, exchange.method)

    def stand_before(self, sandbox_url):
        """From now on requests go to this sandbox; the address that they are to be sent to."""
        self.sandbox_port = urllib.parse.urlsplit(sandbox_url).port
        self.front.instead_of = (sandbox_url, self.front.url)
        return self.front.url

    def violations(self, allowed=()):
        """Since this was asked last, without those that are `allowed`."""
        self.back.take()
        found = []
        for exchange in self.front.take():
            refused = re.search(self.described.refusal, exchange.reply)
            exchange.violations = unexpected(exchange.violations, 400 if refused else exchange.status, (*self.described.wrong, *allowed))
            if refused:
                exchange.violations = [one for one in exchange.violations if not one.startswith("response")]
            if self.goes_past(exchange):
                exchange.violations.append("no description is for this path")
            if exchange.violations:
                found.append(str(exchange))
        return found

    def check_that_it_judges(self):
        self.sandbox_port = self.back.port  # never asked: these requests are wrong, whatever comes back
        self.back.route = lambda path, _: (None, path)
        for method, path, body in self.described.noticed:
            connection = http.client.HTTPConnection("127.0.0.1", self.front.port, timeout=60)
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json", "Authorization": "Bearer x"})
            connection.getresponse().read()
            connection.close()
            if not any(re.search("^request", one) for exchange in self.front.take() for one in exchange.violations):
                raise AssertionError(f"{method} {path}: nothing is found wrong with {body}")
        self.back.route = lambda path, _: (self.sandbox_port, path)
        self.judged = 0
