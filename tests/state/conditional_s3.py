"""A stand-in for an S3-compatible store that knows conditional writes (If-None-Match: *, If-Match), which the one of
npm does not. Objects are in memory; signatures are not checked. Listing comes in pages of 50."""

import hashlib
import http.server
import threading
import urllib.parse


class ConditionalS3:
    def __init__(self, bucket="state"):
        self.bucket, self.objects, self.lock = bucket, {}, threading.Lock()
        self.requests, self.refuse, self.down = 0, False, False
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, reply = store.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(reply)

            do_GET = do_PUT = do_DELETE = do

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def error(status, code):
        return status, {}, f"<Error><Code>{code}</Code><Message>told by the stand-in</Message></Error>".encode()

    def answer(self, method, path, headers, body):
        with self.lock:
            self.requests += 1
            if self.down:
                return self.error(503, "SlowDown")
            if self.refuse or not headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential="):
                return self.error(403, "AccessDenied")
            url = urllib.parse.urlsplit(path)
            bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
            if bucket != self.bucket:
                return self.error(404, "NoSuchBucket")
            if method == "GET" and not key:
                return self.list(urllib.parse.parse_qs(url.query))
            there = self.objects.get(key)
            if method == "GET":
                return self.error(404, "NoSuchKey") if there is None else (200, {"ETag": self.etag(there)}, there)
            if method == "DELETE":
                self.objects.pop(key, None)
                return 204, {}, b""
            if headers.get("If-None-Match") == "*" and there is not None:
                return self.error(412, "PreconditionFailed")
            wanted = headers.get("If-Match")
            if wanted is not None and there is None:
                return self.error(404, "NoSuchKey")
            if wanted is not None and wanted != self.etag(there):
                return self.error(412, "PreconditionFailed")
            self.objects[key] = body
            return 200, {"ETag": self.etag(body)}, b""

    @staticmethod
    def etag(body):
        return f'"{hashlib.md5(body).hexdigest()}"'

    def list(self, query):
        prefix, after = query.get("prefix", [""])[0], query.get("continuation-token", [""])[0]
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page, more = keys[:50], len(keys) > 50
        entries = "".join(f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size></Contents>" for key in page)
        token = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        return 200, {}, (f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{entries}"
                         "</ListBucketResult>").encode()
