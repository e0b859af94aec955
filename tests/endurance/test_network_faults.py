"""Network faults: nothing is lost and nothing is processed twice."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.school import SchoolEnv
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.fault_proxy import Fault, FaultProxy, Kind
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tcp_relay import Direction
from tests.support.workload import audit, deliver, make_workload

MAILS = 4
# The promise that each fault is about. Bytes count from the first of the TLS handshake on: 3,000 are in the
# middle of it, 5,000 at the login, 20,000 and more among the mails.
FAULTS: dict[str, tuple[str, Fault]] = {
    "no connection is ready before its handshake is over": ("imap", Fault("cut", "to client", 1_000)),
    "a login that breaks off is tried again": ("imap", Fault("cut", "to server", 900)),
    "a mail that comes in half is no mail": ("imap", Fault("cut", "to client", 5_000)),
    "a mail in the middle of a batch breaks off": ("imap", Fault("cut", "to client", 7_000)),
    "a move that nobody confirmed is made up for": ("imap", Fault("cut", "to server", 1_100)),
    "answers that come byte by byte are answers": ("imap", Fault("split", "to client", 3_000)),
    "commands that go byte by byte are commands": ("imap", Fault("split", "to server", 500)),
    "a slow server is a server": ("imap", Fault("delay", "to client", 0)),
    "bytes that were changed on their way are noticed": ("imap", Fault("corrupt", "to client", 6_000)),
    "no mail is sent before the handshake is over": ("smtp", Fault("cut", "to client", 1_000)),
    "a mail that breaks off is sent again": ("smtp", Fault("cut", "to server", 9_000)),
    "a mail in the middle of many breaks off": ("smtp", Fault("cut", "to server", 30_000)),
    "an answer that comes byte by byte is an answer": ("smtp", Fault("split", "to client", 2_000)),
    "a mail that goes byte by byte is a mail": ("smtp", Fault("split", "to server", 2_000)),
    "a mail that was changed on its way is not taken": ("smtp", Fault("corrupt", "to server", 9_000)),
    "a slow SMTP server is one": ("smtp", Fault("delay", "to client", 0)),
}


@pytest.fixture
def proxies(dovecot: Dovecot, smtp_server: RecordingSmtpServer) -> Iterator[dict[str, FaultProxy]]:
    """Proxies before both servers."""
    with FaultProxy(dovecot.tls_port) as imap, FaultProxy(smtp_server.port) as smtp:
        yield {"imap": imap, "smtp": smtp}


@pytest.fixture
def env(
    tmp_path: Path,
    dovecot: Dovecot,
    smtp_server: RecordingSmtpServer,
    user: str,
    proxies: dict[str, FaultProxy],
) -> SchoolEnv:
    """A school that reaches its servers through the proxies."""
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    env.use_ports(proxies["imap"].port, proxies["smtp"].port)
    return env


@pytest.mark.parametrize("promise", FAULTS)
def test_a_promise_holds_through_a_fault(
    promise: str, env: SchoolEnv, proxies: dict[str, FaultProxy]
) -> None:
    which, fault = FAULTS[promise]
    workload = make_workload(MAILS, seed=5)
    deliver(env, workload.mails, seed=5)
    proxies[which].fault = fault
    env.run_once()
    assert proxies[which].harmed, "the fault touched no connection"
    proxies[which].fault = None
    env.make_due()
    env.run_once()
    assert env.run_once()["fetched"] == 0
    found = audit(env, workload, kills=2)
    assert found.broken == ()


@pytest.mark.parametrize(
    ("kind", "direction", "heard"),
    [
        ("cut", "to server", b""),
        ("split", "to server", b"0123456789"),
        ("delay", "to server", b"0123456789"),
        ("stall", "to server", b"0123"),
        ("corrupt", "to server", b"0123a`cb89"),
        ("cut", "to client", b"0123456789"),
    ],
)
def test_the_proxy_injects_the_configured_fault(kind: Kind, direction: Direction, heard: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, FaultProxy(listener.getsockname()[1]) as proxy:
        proxy.fault = Fault(kind, direction, 4)
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            served, _ = listener.accept()
            client.sendall(b"0123456789")
            got = b""
            served.settimeout(0.5)
            try:
                while len(got) < 10 and (raw := served.recv(100)):
                    got += raw
            except TimeoutError:
                assert kind == "stall"
            served.close()
    assert got == heard
