"""The baseline: the least work of any program that turns mails into notifications.

It fetches in batches, parses with mail-parser, commits each mail to SQLite or PostgreSQL, durably, and hands
in one notification for each over one connection; then it moves the batch. No tickets, no templates.

python -m bench.baseline IMAP_PORT IMAP_USER IMAP_PASSWORD SMTP_PORT CA_FILE DATABASE
"""

import smtplib
import sqlite3
import ssl
import sys
from collections.abc import Callable
from email.message import EmailMessage

import imapclient
import mailparser
import psycopg

BATCH = 50
_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE mail (message_id, sender, subject, text, bytes)",
)
_POSTGRESQL = "CREATE TABLE mail (message_id text, sender text, subject text, text text, bytes bytea)"

Values = tuple[str, str, str, str, bytes]
Store = Callable[[Values], object]


def main() -> int:
    """Process the mails of a mailbox; print "begin" when all modules are loaded."""
    imap_port, user, password, smtp_port, ca_file, database = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca_file)
    store = in_postgresql(database) if database.startswith("postgresql") else in_sqlite(database)
    print("begin", flush=True)
    with (
        imapclient.IMAPClient("localhost", int(imap_port), ssl_context=context) as client,
        smtplib.SMTP("localhost", int(smtp_port)) as smtp,
    ):
        client.login(user, password)
        client.select_folder("INBOX")
        client.create_folder("Done")
        smtp.starttls(context=context)
        uids = client.search("ALL")
        for batch in (uids[at : at + BATCH] for at in range(0, len(uids), BATCH)):
            for _, items in sorted(client.fetch(batch, ["BODY.PEEK[]"]).items()):
                handle(items[b"BODY[]"], store, smtp)
            client.move(batch, "Done")
    return 0


def in_sqlite(file: str) -> Store:
    """Create a database; return what commits a mail to it."""
    database = sqlite3.connect(file, isolation_level=None)
    for line in _SQLITE:
        database.execute(line)
    return lambda values: database.execute("INSERT INTO mail VALUES (?, ?, ?, ?, ?)", values)


def in_postgresql(url: str) -> Store:
    """Create a table in an empty database; return what commits a mail to it."""
    database = psycopg.connect(url, autocommit=True)
    database.execute(_POSTGRESQL)
    return lambda values: database.execute("INSERT INTO mail VALUES (%s, %s, %s, %s, %s)", values)


def handle(raw: bytes, store: Store, smtp: smtplib.SMTP) -> None:
    """Store one mail and send one notification."""
    mail = mailparser.parse_from_bytes(raw)
    sender, text = mail.from_[0][1], "\n".join(mail.text_plain)
    store((mail.message_id, sender, mail.subject, text, raw))
    notification = EmailMessage()
    notification["From"], notification["To"] = "support@schule.example", "team@support.example"
    notification["Subject"] = f"New: {mail.subject}"
    notification.set_content(f"{sender} writes:\n\n{text}\n")
    smtp.send_message(notification)


if __name__ == "__main__":
    sys.exit(main())
