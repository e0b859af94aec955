"""`mailbot check` finds faults of a configuration and its servers, and says what to do."""

import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.check import run_checks
from mailbot.check.roundtrip import MAX_CLOCK_DIFFERENCE, timed
from mailbot.config import ConfigurationError, load
from mailbot.inbox import Mailbox
from mailbot.store.database import open_database
from mailbot.store.schema import is_empty
from tests.support.daemon import Daemon
from tests.support.mail_builder import mail
from tests.support.school import SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.scripted import ScriptedServer
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.smtp_script import script
from tests.support.servers.tls import CertificateAuthority

Break = Callable[[SchoolEnv], None]


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def check_results(env: SchoolEnv, *, with_roundtrip: bool = False) -> tuple[list[str], list[str]]:
    """Return the lines of passed checks and of failed ones; those of a wrong configuration alone."""
    try:
        found = list(run_checks(load(env.config, {}), with_roundtrip=with_roundtrip))
    except ConfigurationError as error:
        return [], str(error).splitlines()
    lines = [(result.ok, f"{result.subject}: {result.text}") for result in found]
    return [line for fine, line in lines if fine], [line for fine, line in lines if not fine]


def write(pattern: str, text: str) -> Break:
    """Return a function that edits a school's configuration at the first match of the pattern."""

    def change(env: SchoolEnv) -> None:
        before = env.config.read_text("utf-8")
        after = re.sub(
            pattern, lambda _: text.replace("{dir}", str(env.directory)), before, count=1, flags=re.M
        )
        assert after != before, pattern
        env.config.write_text(after, "utf-8")

    return change


def in_imap(pattern: str, text: str) -> Break:
    """Return a function that edits the table [imap]."""
    return write(rf"(?<=\[imap\]\n)((?:.+\n)*?){pattern}", text)


def password(name: str, value: str) -> Break:
    def change(env: SchoolEnv) -> None:
        (env.directory / name).write_text(value)

    return change


def results(authserv_id: str, number: int) -> Break:
    """Return a function that delivers mails with Authentication-Results of a server."""

    def change(env: SchoolEnv) -> None:
        judged = f"{authserv_id}; dmarc=pass" if authserv_id else ""
        for n in range(number):
            written = mail().subject(f"Mail {n}").text("x")
            env.deliver(written.header("Authentication-Results", judged) if judged else written)
        write(r"^\[imap\]$", '[imap]\nauthserv_id = "mx.schule.example"')(env)

    return change


def database(statement: str, *values: object) -> Break:
    """Return a function that changes the database without mailbot."""

    def change(env: SchoolEnv) -> None:
        env.deliver(problem().text("dunkel"))
        env.run_once()
        with closing(sqlite3.connect(env.directory / "state" / "mailbot.db")) as connection, connection:
            connection.execute(statement, values)

    return change


def no_database(env: SchoolEnv) -> None:
    (env.directory / "state" / "mailbot.db").write_text("Das ist keine Datenbank. " * 100)


def state_is_a_file(env: SchoolEnv) -> None:
    shutil.rmtree(env.directory / "state")
    (env.directory / "state").write_text("")


def broken_template(env: SchoolEnv) -> None:
    (env.directory / "vorlagen" / "de").mkdir(parents=True)
    (env.directory / "vorlagen" / "de" / "receipt.txt.j2").write_text("{{ ticket.farbe }}")
    write(r"^\[bot\]$", '[bot]\ntemplates = "vorlagen"')(env)


def readable_by_all(env: SchoolEnv) -> None:
    (env.directory / "smtp").chmod(0o644)


def no_processed_folder(env: SchoolEnv) -> None:
    env.dovecot.deliver(env.address)
    env.dovecot.maildir(env.address).mkdir(parents=True, exist_ok=True)
    (env.dovecot.maildir(env.address) / ".Mailbot.Done").write_text("a file, not a folder")


def refused_sender(env: SchoolEnv) -> None:
    env.smtp.replies[env.address] = "550 5.7.1 sender not allowed"


LATER = "2999-01-01 00:00:00"
WRONG: dict[str, tuple[Break, str]] = {
    "wrong IMAP password": (password("imap", "falsch"), r"GYM IMAP .*: the login is refused; check username and password"),
    "wrong SMTP password": (password("smtp", "falsch"), r"GYM SMTP .*: the login is refused; check username and password"),
    "wrong folder": (write(r"^\[imap\]$", '[imap]\nfolder = "Posteingang"'), r"GYM IMAP .*folder cannot be opened.*Posteingang.*; the mailbox has INBOX"),
    "folder of processed mails that cannot be made": (no_processed_folder, r"GYM IMAP .*: (a test mail|processed mails|the processed mails) .*cannot be"),
    "password with a blank": (password("imap", "falsch "), r"GYM IMAP .*the password begins or ends with a blank"),
    "STARTTLS at the port of TLS": (write(r'(?<=\[imap\]\nhost = "127.0.0.1"\n)port = \d+\nsecurity = "tls"', 'port = 993\nsecurity = "starttls"'), r'\[imap\] security = "starttls": must be "tls" with port 993, or "starttls" with port 143'),
    "wrong IMAP port": (write(r"(?<=\[imap\]\nhost = \"127.0.0.1\"\n)port = \d+", "port = 1"), r"GYM IMAP .*127\.0\.0\.1:1.*refused"),
    "TLS where none is spoken": (lambda h: write(rf"port = {h.dovecot.tls_port}", f"port = {h.dovecot.port}")(h), r"GYM IMAP .*(starttls|TLS)"),
    "a host that there is not": (write(r'(?<=\[imap\]\n)host = "127.0.0.1"', 'host = "imap.invalid"'), r"GYM IMAP .*imap\.invalid"),
    "an authority that nobody knows": (write(r"^ca_file = .*$", ""), r"GYM SMTP .*certificate"),
    "SMTP refuses the school's address": (refused_sender, r"GYM SMTP .*refuses mail to support.*: .*sender not allowed"),
    "authserv_id of another server": (results("mx.provider.example", 3), r'GYM Authentication-Results: mx\.schule\.example is in none of the newest 3 mails, which have "mx\.provider\.example" \(3\): correct imap\.authserv_id'),
    "a server that checks nothing": (results("", 6), r"GYM Authentication-Results: none of the newest 6 mails has this header: does the mail server check senders"),
    "clock set back": (database("UPDATE ledger SET at = ?", LATER), r"clock: a mail was processed at 2999-01-01 00:00 UTC, in the future: set the clock"),
    "disk nearly full": (write(r"^\[times\]$", '[health]\ndisk_free = "900000 GB"\n[times]'), r"disk: .* GB free at .*: no mail is fetched below 900000\.0 \(health\.disk_free\)"),
    "state directory is a file": (state_is_a_file, r"database: .*mailbot\.toml: bot\.state_dir: .*state"),
    "database is none": (no_database, r"database: .*mailbot\.toml: bot\.database: file is not a database"),
    "database of a newer mailbot": (database("UPDATE alembic_version SET version_num = '9999'"), r"database: .*bot\.database: .*9999.*newer mailbot"),
    "database server away": (write(r'^database = "sqlite"$', 'database = "postgresql://mailbot@127.0.0.1:1/mailbot"'), r"database: .*bot\.database: .*(refused|failed)"),
    "audit trail changed": (database("UPDATE event SET actor = 'niemand'"), r"audit trail: was tampered with"),
    "template with a mistake": (broken_template, r"templates: .*de/receipt.*farbe"),
    "password that others can read": (readable_by_all, r"\[smtp\] password_file.*chmod 600"),
    "password file missing": (lambda h: (h.directory / "imap").unlink(), r"\[imap\] password_file.*No such file"),
    "misspelt key": (write(r"^\[bot\]$", '[bot]\noperator = ["x@y.example"]'), r"\[bot\] operator: unknown; did you mean operators"),
    "state that there is not": (write(r"^\[bot\]$", '[bot]\nland = "Preußen"'), r"\[bot\] land = .Preu.en.: must be one of BB"),
    "time zone that there is not": (write(r"^\[bot\]$", '[bot]\ntimezone = "Europe/Bielefeld"'), r"\[bot\] timezone = .*must be a time zone"),
    "no TOML": (write(r"^\[bot\]$", "[bot"), r"mailbot\.toml.*line"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_check_reports_each_fault_and_its_place(env: SchoolEnv, name: str) -> None:
    harm, expected = WRONG[name]
    harm(env)
    _, wrong = check_results(env)
    assert any(re.search(expected, line) for line in wrong), wrong
    assert not any("Traceback" in line or len(line) > 400 for line in wrong)


def test_disk_space_is_not_checked_with_postgresql(env: SchoolEnv) -> None:
    write(r'^database = "sqlite"$', 'database = "postgresql://mailbot@127.0.0.1:1/mailbot"')(env)
    write(r"^\[times\]$", '[health]\ndisk_free = "900000 GB"\n[times]')(env)
    fine, _ = check_results(env)
    assert "disk: not checked: the mails are in PostgreSQL" in fine


def test_check_creates_no_tables(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str, postgres_url: str
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user, database=postgres_url)
    fine, wrong = check_results(env)
    assert "database: none yet: the daemon creates it when it starts" in fine
    assert wrong == []
    engine = open_database(postgres_url)
    assert is_empty(engine)
    engine.dispose()


def test_a_server_that_asks_to_come_again_later_refuses_nothing(env: SchoolEnv) -> None:
    env.smtp.replies[env.address] = "450 4.7.1 greylisted, come again in five minutes"
    fine, wrong = check_results(env)
    assert not [line for line in wrong if "SMTP" in line]
    assert [line for line in fine if "refuses temporarily, will be retried: 4.7.1 greylisted" in line]


def test_an_address_of_one_school_that_another_uses_is_found(env: SchoolEnv) -> None:
    env.more = f'''
[[school]]
key = "RSO"
name = "Realschule Ost"
address = "{env.address}"
imap = {{ username = "{env.address}" }}
team = {{ name = "Team Ost", members = ["rita@support.example"] }}
'''
    env.write_config()
    _, wrong = check_results(env)
    assert any(
        "[[school]] RSO: imap: must be the mailbox" in line and "of one school only" in line for line in wrong
    ), wrong


def test_a_mailbox_that_is_nearly_full_is_found(
    start_dovecot: Callable[..., Dovecot], tmp_path: Path, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(tmp_path, start_dovecot(quota="100k"), smtp_server, user)
    env.deliver(mail().text("x" * 95_000))
    _, wrong = check_results(env)
    assert any(re.search(r"the mailbox is \d+% full: delete old mails", line) for line in wrong), wrong


def test_missing_server_features_are_reported_and_are_no_failure(
    start_dovecot: Callable[..., Dovecot], tmp_path: Path, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(
        tmp_path, start_dovecot(capability="IMAP4rev1 NAMESPACE UIDPLUS AUTH=PLAIN"), smtp_server, user
    )
    fine, wrong = check_results(env)
    assert wrong == []
    assert any(
        "no IDLE: new mail is found by polling every 5 s; no MOVE: mails are copied" in line for line in fine
    )


def test_an_smtp_server_without_starttls_gets_no_password(env: SchoolEnv) -> None:
    with ScriptedServer(b"220 x\r\n", lambda: script({})) as server:
        write(rf"port = {env.smtp.port}", f"port = {server.port}")(env)
        _, wrong = check_results(env)
    assert any(re.search(r"GYM SMTP .*(starttls|STARTTLS)", line) for line in wrong), wrong


@pytest.fixture
def delivering(
    tmp_path: Path, authority: CertificateAuthority, dovecot: Dovecot, user: str
) -> Iterator[SchoolEnv]:
    """A school whose SMTP server puts the mails to it into its mailbox."""
    with RecordingSmtpServer(authority, deliver_to=dovecot) as smtp:
        yield SchoolEnv(tmp_path, dovecot, smtp, user)


def test_a_correct_configuration_passes_all_checks(delivering: SchoolEnv) -> None:
    results("mx.schule.example", 2)(delivering)
    fine, wrong = check_results(delivering, with_roundtrip=True)
    assert wrong == []
    assert any(re.search(r"mx\.schule\.example is in 2 of the newest 2 mails", line) for line in fine)
    assert any(re.search(r"GYM roundtrip: \d+\.\d s", line) for line in fine)
    assert "Mailbot/Done" in delivering.dovecot.folders(delivering.address)
    assert delivering.dovecot.mails(delivering.address, "Mailbot/Done") == [], "the test mail is deleted"


def test_the_mail_of_a_roundtrip_opens_no_ticket(delivering: SchoolEnv) -> None:
    assert check_results(delivering, with_roundtrip=True)[1] == []
    delivering.run_once()
    assert delivering.dovecot.mails(delivering.address) == []
    assert delivering.json("tickets") == []


@pytest.mark.parametrize("done", ["Mailbot/Done", ""])
def test_a_roundtrip_is_detected_if_the_daemon_processes_its_mail_first(
    delivering: SchoolEnv, monkeypatch: pytest.MonkeyPatch, done: str
) -> None:
    in_imap("", f'done = "{done}"\n')(delivering)
    roundtrip = sys.modules["mailbot.check.roundtrip"]
    with Daemon(delivering, forked=True) as daemon:

        def handled_first(box: Mailbox, message_id: str, started: float) -> datetime | None:
            daemon.wait_logged("sent by mailbot")
            daemon.wait(lambda: not done or not delivering.dovecot.mails(delivering.address), "it is filed")
            return wait_for(box, message_id, started)

        wait_for: Callable[[Mailbox, str, float], datetime | None] = roundtrip._wait_for
        monkeypatch.setattr(roundtrip, "_wait_for", handled_first)
        fine, wrong = check_results(delivering, with_roundtrip=True)
    assert wrong == []
    assert any(re.search(r"GYM roundtrip: \d+\.\d s", line) for line in fine)


def test_a_roundtrip_mail_that_does_not_arrive_is_reported(
    env: SchoolEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["mailbot.check.roundtrip"], "ROUNDTRIP_SECONDS", 1)
    _, wrong = check_results(env, with_roundtrip=True)
    (problem,) = wrong
    assert "GYM roundtrip: the mail did not arrive within 1 s: check the spam folder" in problem


@pytest.mark.parametrize("minutes", [-17, 17])
def test_a_mail_server_with_a_wrong_clock_is_reported(minutes: int) -> None:
    found = timed("GYM roundtrip", 0.5, timedelta(minutes=minutes))
    assert not found.ok
    assert "differ by 17 minutes" in found.text
    assert timed("GYM roundtrip", 0.5, MAX_CLOCK_DIFFERENCE).ok


@pytest.mark.parametrize(
    ("name", "until", "expected"),
    [
        ("mail.anderswo.example", None, "is for another name; check host"),
        ("localhost", datetime.now(UTC) - timedelta(days=1), "has expired; renew it on the server"),
    ],
)
def test_an_untrusted_certificate_is_reported(
    tmp_path: Path, dovecot: Dovecot, user: str, name: str, until: datetime | None, expected: str
) -> None:
    with CertificateAuthority(name, until) as other, RecordingSmtpServer(other) as smtp:
        env = SchoolEnv(tmp_path, dovecot, smtp, user)
        write(r"^ca_file = .*$", f'ca_file = "{other.ca_file}"')(env)
        _, wrong = check_results(env)
    (problem,) = wrong
    assert problem.startswith("GYM SMTP")
    assert expected in problem


def test_the_name_of_the_receiving_server_is_proposed_where_none_is_set(env: SchoolEnv) -> None:
    env.deliver(mail().header("Authentication-Results", "mx.schule.example; dmarc=pass").text("x"))
    fine, wrong = check_results(env)
    assert wrong == []
    assert any('authserv_id = "mx.schule.example" would trust authenticated senders' in line for line in fine)
