"""Today's ClickHouse: its engine as a library (npm), behind as much of its HTTP interface as a source needs.

    engine = Engine(); engine.url()          from a test
    python3 chdb.py LIBRARY PORT             what that starts

Users, read-only mode and errors behind the first rows are the server's and are not here."""

import ctypes
import http.server
import json
import os
import re
import sys
import threading
import urllib.parse
import urllib.request

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(os.path.dirname(TESTS), ".deps", "chdb", "libchdb.so")
NO_SETTINGS = ("user", "password", "query_id", "query", "database", "readonly")


class Library:
    """One session. The functions are those of chdb.h of chdb 26.5 (github.com/chdb-io/chdb, 2026-11)."""

    def __init__(self, path):
        self.calls = ctypes.CDLL(path)
        pointer = ctypes.c_void_p
        for name, result, arguments in (
                ("chdb_connect", ctypes.POINTER(pointer), [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]),
                ("chdb_query_n", pointer, [pointer, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]),
                ("chdb_result_buffer", pointer, [pointer]), ("chdb_result_length", ctypes.c_size_t, [pointer]),
                ("chdb_result_error", ctypes.c_char_p, [pointer]), ("chdb_destroy_query_result", None, [pointer])):
            function = getattr(self.calls, name)
            function.restype, function.argtypes = result, arguments
        self.session = self.calls.chdb_connect(1, (ctypes.c_char_p * 1)(b"chdb"))

    def ask(self, sql):
        """(its result, its error)"""
        result = self.calls.chdb_query_n(self.session[0], sql, len(sql), b"TSV", 3)
        error, length = self.calls.chdb_result_error(result), self.calls.chdb_result_length(result)
        data = ctypes.string_at(self.calls.chdb_result_buffer(result), length) if length else b""
        self.calls.chdb_destroy_query_result(result)
        return data, error


def door(library):
    one_at_a_time = threading.Lock()

    class Door(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):  # pylint: disable=invalid-name
            sql = self.rfile.read(int(self.headers["Content-Length"]))
            settings = urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)
            statements = [f"SET {name} = {json.dumps(value)[1:-1]!r}".encode() for name, value in settings if name not in NO_SETTINGS]
            # Of an INSERT, the statement stands in the address and its rows in the body.
            sql = b"\n".join([value.encode() for name, value in settings if name == "query"] + [sql])
            data, error = b"", None
            with one_at_a_time:
                for statement in statements + [sql]:
                    if not error:
                        data, error = library.ask(statement)
            self.send_response(500 if error else 200)
            if error:
                self.send_header("X-ClickHouse-Exception-Code", re.search(rb"Code: (\d+)", error)[1].decode())
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            body = error or data
            for at in range(0, len(body), 100_000):
                part = body[at:at + 100_000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    return Door


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), door(Library(sys.argv[1]))).serve_forever()

sys.path.insert(0, os.path.join(TESTS, "stores"))
# pylint: disable=wrong-import-position
from servers import Server, need  # noqa: E402


class Engine(Server):
    def __init__(self):
        super().__init__()
        library = need(LIBRARY if os.path.exists(LIBRARY) else None, "@chdb/lib-linux-x64-gnu (npm)")
        self.launch([sys.executable, os.path.abspath(__file__), library, str(self.port)])
        self.wait_until(self.answers)

    def sql(self, statement):
        with urllib.request.urlopen(self.url(), statement.encode(), timeout=60) as reply:
            return reply.read().decode().rstrip("\n")

    def url(self):
        return f"http://127.0.0.1:{self.port}"
