"""A real IMAP server in a bad mood: one of the commands that it is given, it answers as it is told to."""

import socket
import threading
from types import TracebackType
from typing import Self


class MoodyServer:
    """Stands before an IMAP server on 127.0.0.1 without TLS, on `port`.

    The first line that contains `command` never reaches the server: `answer` is given instead, with the
    command's tag for "%t" (RFC 9051, 2.2.1). After a BYE it hangs up. `struck` tells whether that happened.
    """

    def __init__(self, server_port: int, command: bytes, answer: bytes) -> None:
        self._server_port = server_port
        self._command, self._answer = command, answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        self.struck = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._open):
            _hang_up(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            self._open |= {client, server}
            threading.Thread(target=self._listen, args=(client, server), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client), daemon=True).start()

    def _listen(self, client: socket.socket, server: socket.socket) -> None:
        try:
            with client.makefile("rb") as lines:
                for line in lines:
                    if self._command in line.upper() and not self.struck:
                        self.struck = True
                        client.sendall(self._answer.replace(b"%t", line.split(b" ")[0]) + b"\r\n")
                        if b"BYE" in self._answer:
                            break
                    else:
                        server.sendall(line)
        except OSError:
            pass
        finally:
            _hang_up(client)
            _hang_up(server)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while octets := source.recv(65_536):
                sink.sendall(octets)
        except OSError:
            pass
        finally:
            _hang_up(sink)


def _hang_up(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    finally:
        one.close()
