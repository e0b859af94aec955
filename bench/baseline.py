"""The baseline: the least work of any program that turns mails into notifications.

It fetches in batches, parses with mail-parser, commits each mail to SQLite, durably, and hands in one
notification for each over one connection; then it moves the batch. No tickets, no threads, no templates.

python -m bench.baseline IMAP_PORT IMAP_USER IMAP_PASSWORD SMTP_PORT CA_FILE DATABASE
"""

import smtplib
import sqlite3
import ssl
import sys
from email.message import EmailMessage

import imapclient
import mailparser

BATCH = 50
_SETUP = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE mail (message_id, sender, subject, text, bytes)",
)


def main() -> int:
    """Process the mails of a mailbox; print "begin" when all modules are loaded."""
    imap_port, user, password, smtp_port, ca_file, file = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca_file)
    database = sqlite3.connect(file, isolation_level=None)
    for line in _SETUP:
        database.execute(line)
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
                handle(items[b"BODY[]"], database, smtp)
            client.move(batch, "Done")
    return 0


def handle(raw: bytes, database: sqlite3.Connection, smtp: smtplib.SMTP) -> None:
    """Store one mail and send one notification."""
    mail = mailparser.parse_from_bytes(raw)
    sender, text = mail.from_[0][1], "\n".join(mail.text_plain)
    database.execute(
        "INSERT INTO mail VALUES (?, ?, ?, ?, ?)", (mail.message_id, sender, mail.subject, text, raw)
    )
    notification = EmailMessage()
    notification["From"], notification["To"] = "support@schule.example", "team@support.example"
    notification["Subject"] = f"New: {mail.subject}"
    notification.set_content(f"{sender} writes:\n\n{text}\n")
    smtp.send_message(notification)


if __name__ == "__main__":
    sys.exit(main())
