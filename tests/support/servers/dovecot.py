"""A private Dovecot, in which every user exists and has the password "secret"."""

import imaplib
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Self

from mailbot.config import ImapAccount, Secret, Security
from tests.support.servers.process import Child, find_program, free_port
from tests.support.servers.tls import CertificateAuthority

PASSWORD = "secret"
ODD_USER = "sonderzeichen@schule.example"
ODD_PASSWORD = 'Grüße "an" \\alle%'

# Why each line is there: default_internal_* and default_login_user, because only root may change users;
# no chroot for the same reason; first_valid_uid, because the uid may be a low one; imap-login keeps TLS
# connections of others alive, hence few processes with many clients; a process serves one user after the
# other, since a new one for each login takes longer than most sessions.
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{directory}/certificate.pem
ssl_key = <{directory}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mailbox_idle_check_interval = {looks}s
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {directory}/users
  result_failure = continue
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={directory}/mail/%u
}}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  prefix = {prefix}
  separator = {separator}
}}
protocol imap {{
  mail_max_userip_connections = {connections}
}}
service imap-login {{
  chroot =
  service_count = 0
  client_limit = 2000
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service imap {{
  process_limit = 2000
  service_count = 1000
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{more}
"""

LMTP = """
protocols = imap lmtp
postmaster_address = postmaster@schule.example
service lmtp {{
  chroot =
  user = {user}
  inet_listener lmtp {{
    port = {port}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A mail in a folder."""

    uid: int
    flags: frozenset[str]
    raw: bytes


class Dovecot:
    """A Dovecot of its own: IMAP with STARTTLS on `port`, IMAPS on `tls_port`, both the same after a restart.

    `prefix` and `separator` name the folders as other providers do ("INBOX." and "."); `capability` is what
    clients get instead of the real one, to hide MOVE or IDLE from them. With the URL `introspection` it
    accepts access tokens (RFC 7662) and no passwords. `quota` is how much each user may keep, as in "1M",
    `connections` how many each may have at once. With `lmtp` it takes mail on `lmtp_port`, as it does from a
    mail server. Under IDLE it checks the folder every `looks` seconds.
    """

    def __init__(
        self,
        authority: CertificateAuthority,
        *,
        prefix: str = "",
        separator: str = "/",
        capability: str = "",
        introspection: str = "",
        quota: str = "",
        connections: int = 1000,
        lmtp: bool = False,
        looks: int = 1,
    ) -> None:
        self._program = find_program("dovecot", "dovecot-imapd", Path("/usr/sbin"))
        if lmtp:
            find_program("lmtp", "dovecot-lmtpd", Path("/usr/lib/dovecot"), Path("/usr/libexec/dovecot"))
        self._authority = authority
        self._child = Child()
        self._numbers = count()
        self.port, self.tls_port, self.lmtp_port = free_port(), free_port(), free_port()
        authority.write_certificate(self._path("certificate.pem"), self._path("key.pem"))
        self._child.own(self._path("key.pem"))
        self._path("users").write_text(f"{ODD_USER}:{ODD_PASSWORD}\n", encoding="utf-8")
        self._path("dovecot.conf").write_text(
            CONFIGURATION.format(
                directory=self._child.directory,
                user=self._child.user,
                group=self._child.group,
                password=PASSWORD,
                prefix=prefix,
                separator=separator,
                connections=connections,
                looks=looks,
                port=self.port,
                tls_port=self.tls_port,
                more=_more(capability, self._path("oauth2.conf") if introspection else None, quota)
                + (LMTP.format(port=self.lmtp_port, user=self._child.user) if lmtp else ""),
            )
        )
        self._path("oauth2.conf").write_text(
            f"introspection_mode = auth\nintrospection_url = {introspection}\nusername_attribute = username\n"
        )

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        configuration = self._path("dovecot.conf")
        self._child.spawn([self._program, "-F", "-c", configuration], (self.port, self.tls_port))

    def stop(self) -> None:
        """Stop the server; its mails stay."""
        self._child.stop()

    def restart(self) -> None:
        """Restart the server on the same ports."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill the server and all of its connections by SIGKILL."""
        self._child.signal(signal.SIGKILL)
        self._child.stop(signal.SIGKILL)

    def freeze(self) -> None:
        """Freeze the server: connections stay open without answers."""
        self._child.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue after `freeze`."""
        self._child.signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop the server and remove its files."""
        self._child.remove()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def account(self, user: str, security: Security = "tls", *, done: str = "Mailbot/Done") -> ImapAccount:
        """Return the account settings of a user."""
        port = self.tls_port if security == "tls" else self.port
        password = ODD_PASSWORD if user == ODD_USER else PASSWORD
        ca_file = self._authority.ca_file
        return ImapAccount("localhost", port, security, user, Secret(password), done=done, ca_file=ca_file)

    def deliver(self, user: str, *mails: bytes, flags: str = "", received: datetime | None = None) -> None:
        """Put mails into a user's INBOX, even while the server is down.

        `flags` are those of Maildir ("S" seen, "T" deleted); `received` becomes their INTERNALDATE.
        """
        home = self.maildir(user)
        for raw in mails:
            name = f"{int(time.time())}.M{next(self._numbers):06d}P{os.getpid()}.localhost"
            fresh = home / "tmp" / name
            fresh.write_bytes(raw)
            if received is not None:
                os.utime(fresh, (received.timestamp(), received.timestamp()))
            self._child.own(fresh)
            fresh.rename(home / "cur" / f"{name}:2,{flags}" if flags else home / "new" / name)

    def make_unreadable(self, user: str, number: int) -> None:
        """Make the mail at this index of the user's INBOX unreadable for Dovecot."""
        home = self.maildir(user)
        mails = sorted([*(home / "new").iterdir(), *(home / "cur").iterdir()], key=lambda path: path.name)
        mails[number].chmod(0)

    def uid_validity(self, user: str) -> int:
        """Return the UIDVALIDITY of a user's INBOX."""
        with self.login(user) as client:
            (validity,) = client.response("UIDVALIDITY")[1]
        return int(validity or 0)

    def renumber(self, user: str) -> None:
        """Change the UIDs of a user's INBOX, as after a repair or a move of the mailbox."""
        before = validity = self.uid_validity(user)
        while validity == before:  # it is a time, in seconds
            for name in ("dovecot-uid*", "dovecot.index*"):
                for file in self.maildir(user).glob(name):
                    file.unlink()
            validity = self.uid_validity(user)

    def put_back(self, user: str, backup: Path) -> None:
        """Restore a user's folders from a copy of their directory."""
        home = self.maildir(user)
        shutil.rmtree(home)
        shutil.copytree(backup, home)
        for path in (home, *home.rglob("*")):
            self._child.own(path)

    @contextmanager
    def login(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Yield a connection of another client with the folder open for writing."""
        client = imaplib.IMAP4_SSL(
            "localhost", self.tls_port, ssl_context=self._authority.client_context(), timeout=10
        )
        try:
            client.login(user, PASSWORD)
            if client.select(f'"{folder}"')[0] != "OK":
                raise LookupError(f"{user} has no folder {folder}")
            yield client
        finally:
            client.logout()

    def mails(self, user: str, folder: str = "INBOX") -> list[Stored]:
        """Return the mails of a folder in the order of their UIDs, without changing flags."""
        with self.login(user, folder) as client:
            answer = client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")[1]
        return [_stored(head, raw) for head, raw in (item for item in answer if isinstance(item, tuple))]

    def folders(self, user: str, *, subscribed: bool = False) -> list[str]:
        """Return the names of a user's folders, or of those that webmail shows."""
        with self.login(user) as client:
            answer = client.lsub()[1] if subscribed else client.list()[1]
        lines = [line.decode() for line in answer if isinstance(line, bytes)]
        return [
            line.rpartition(' "')[2].rstrip('"') if line.endswith('"') else line.split(" ")[-1]
            for line in lines
        ]

    def log(self) -> str:
        """Return the log of the server."""
        return self._path("dovecot.log").read_text(encoding="utf-8", errors="replace")

    def _path(self, name: str) -> Path:
        return self._child.directory / name

    def maildir(self, user: str) -> Path:
        """Return the directory of a user's mails; create it if it is missing."""
        home = self._path("mail") / user / "Maildir"
        for path in (home.parent.parent, home.parent, home, home / "tmp", home / "cur", home / "new"):
            if not path.is_dir():  # Dovecot may be making them at this very moment
                path.mkdir(mode=0o700, exist_ok=True)
                self._child.own(path)
        return home


def _more(capability: str, oauth2: Path | None, quota: str) -> str:
    lines = [f"imap_capability = {capability}"] if capability else []
    if oauth2 is not None:
        lines += [
            "auth_mechanisms = xoauth2 oauthbearer",
            "passdb {\n  driver = oauth2\n  mechanisms = xoauth2",
        ]
        lines += [f"  args = {oauth2}\n}}"]
    if quota:
        lines += ["mail_plugins = quota", "protocol imap {\n  mail_plugins = quota imap_quota\n}"]
        lines += [f"plugin {{\n  quota = maildir:User\n  quota_rule = *:storage={quota}\n}}"]
    return "\n".join(lines)


def _stored(head: bytes, raw: bytes) -> Stored:
    text = head.decode("ascii")
    uid = re.search(r"UID (\d+)", text)
    flags = re.search(r"FLAGS \(([^)]*)\)", text)
    if uid is None or flags is None:
        raise ValueError(f"unexpected answer to FETCH: {text}")
    return Stored(int(uid[1]), frozenset(flags[1].split()), raw)
