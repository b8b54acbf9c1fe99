"""A small real SMTP server for tests: it takes mail, refuses it, or falls silent, as it is told."""

import socketserver
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message


class SmtpServer:
    """`with SmtpServer() as server:` listens on `server.port`; what was taken is in `server.taken`, in order."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.refuse: set[str] = set()  # addresses that do not exist here
        self.silent = threading.Event()  # set: it says nothing any more
        self.over = threading.Event()
        self.on_taken: Callable[[Message], None] = lambda message: None
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._talk(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def __enter__(self) -> "SmtpServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, read: object, write: object) -> None:
        def say(line: str) -> None:
            if self.silent.is_set():
                self.over.wait()
            write.write(line.encode() + b"\r\n")

        try:
            say("220 ready")
            while line := read.readline().decode().strip():
                word = line[:4].upper()
                if word == "DATA":
                    say("354 go on")
                    self._take(read)
                    say("250 taken")
                elif word == "RCPT" and any(address in line for address in self.refuse):
                    say("550 nobody of this name")
                elif word == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 well")
        except OSError:
            return  # the client is gone

    def _take(self, read: object) -> None:
        lines = []
        while (line := read.readline()) not in (b".\r\n", b""):
            lines.append(line)
        message = message_from_bytes(b"".join(lines))
        self.taken.append(message)
        self.on_taken(message)
