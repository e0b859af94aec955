"""A provider of access tokens on loopback: Microsoft's and Google's endpoints, and introspection."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

from tests.support.servers.tls import CertificateAuthority


class TokenServer:
    """Returns a new token for each request; `asked` has the request forms, `refusal` is returned instead."""

    def __init__(self, authority: CertificateAuthority) -> None:
        self.asked: list[dict[str, str]] = []
        self.refusal: dict[str, Any] | None = None
        self.good: set[str] = set()
        self.lifetime = 3600
        self.username = ""
        self._plain = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._tls = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context: ssl.SSLContext = authority.server_context()
        self._tls.socket = context.wrap_socket(self._tls.socket, server_side=True)
        self.authority = f"https://localhost:{self._tls.server_port}"
        self.introspection = f"http://127.0.0.1:{self._plain.server_port}/introspect?token="

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tokens = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if "openid-configuration" in self.path:
                    self._say(200, tokens.discovery())
                    return
                good = self.headers.get("Authorization", "").removeprefix("Bearer ") in tokens.good
                self._say(200 if good else 401, {"active": good, "username": tokens.username})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                tokens.asked.append({key: values[0] for key, values in parse_qs(body).items()})
                self._say(400 if tokens.refusal else 200, tokens.refusal or tokens.grant())

            def _say(self, status: int, document: dict[str, Any]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Keep quiet."""

        return Handler

    def discovery(self) -> dict[str, Any]:
        """Return what a client asks for first (OpenID Connect Discovery)."""
        base = f"{self.authority}/tenant"
        ends = {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token"}
        return {"issuer": f"{base}/v2.0", **ends}

    def grant(self) -> dict[str, Any]:
        """Give a token, and a refresh token in place of the one that was used."""
        token = f"token-{len(self.asked)}-geheim"
        self.good.add(token)
        refresh = {"refresh_token": f"refresh-{len(self.asked)}-geheim"}
        return {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer", **refresh}

    def __enter__(self) -> Self:
        for server in (self._plain, self._tls):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._plain, self._tls):
            server.shutdown()
            server.server_close()
