"""A network that fails: hands connections on to a server, and breaks some of them off, holds them up or goes slowly."""

import random
import socket
import threading
import time
import urllib.parse

FATES = ("swallowed", "unanswered", "torn", "stalled", "slow")


class FaultProxy:
    """Each exchange on a connection has a fate. `share` of them is bad; nothing is drawn but from `seed`."""

    def __init__(self, url, share, seed):
        address = urllib.parse.urlsplit(url)
        self.server = (address.hostname, address.port)
        self.share, self.random, self.lock = share, random.Random(seed), threading.Lock()
        self.count = dict.fromkeys(FATES, 0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _fate(self):
        with self.lock:
            if self.random.random() >= self.share:
                return "good"
            fate = self.random.choice(FATES)
            self.count[fate] += 1
            return fate

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(self.server) as server:
            try:
                while request := read_message(client):
                    if not self._exchange(client, server, request, self._fate()):
                        return
            except OSError:
                return

    def _exchange(self, client, server, request, fate):
        """Whether the connection goes on."""
        if fate == "swallowed":
            return reset(client)
        if fate == "slow":
            time.sleep(0.3)
        server.sendall(request)
        reply = read_message(server)
        if fate == "unanswered" or not reply:
            return reset(client)
        if fate == "torn":
            client.sendall(reply[:len(reply) // 2])
            return reset(client)
        if fate == "stalled":
            time.sleep(1.5)
            return reset(client)
        client.sendall(reply)
        return True


def reset(connection):
    """The other side is told that the connection broke, not that it ended."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    return False


def read_message(connection):
    """One request or reply of HTTP/1.1 as it came, by its Content-Length; nothing when the connection has ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head = data.split(b"\r\n\r\n")[0]
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(data) < len(head) + 4 + length:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data
