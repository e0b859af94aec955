"""A certificate authority of our own (trustme), and a certificate for localhost."""

import shutil
import ssl
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Self

import trustme


class CertificateAuthority:
    """A certificate authority with one certificate, valid for localhost and 127.0.0.1.

    `ca_file` is what clients trust. Its certificates pass the strict checks of Python 3.13 (RFC 5280). It may
    have one for another `name` instead, or one that is valid until `until` only.
    """

    def __init__(self, name: str = "localhost", until: datetime | None = None) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="mailbot-ca-"))
        authority = trustme.CA()
        others = ("127.0.0.1",) if name == "localhost" else ()
        self._certificate = authority.issue_cert(name, *others, not_after=until)
        self.ca_file = self._directory / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))

    def write_certificate(self, certificate: Path, key: Path) -> None:
        """Write the certificate's chain and its key to two files."""
        certificate.write_bytes(b"".join(pem.bytes() for pem in self._certificate.cert_chain_pems))
        self._certificate.private_key_pem.write_to_path(str(key))

    def server_context(self) -> ssl.SSLContext:
        """Return a context for a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate.configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a context for a client that trusts this authority only."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
