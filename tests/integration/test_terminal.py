"""Nothing of a mail controls a terminal, and no reply of a server shows a password."""

import ast
import base64
import json
import threading
from email.message import EmailMessage
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from mailbot import cli
from mailbot.cli.common import echo, print_json, print_table
from mailbot.config import Secret
from mailbot.demo.screen import Screen
from mailbot.network import sanitize_reply
from tests.support.school import ROOT

HOSTILE = (
    "Tafel\x1b]0;neu\x07 \x1b[2J\x9b31m\x90q\x9c \x7f\b\r"
    "\u202egnp.exe\u2066\u206b\u200f\u061c\u2028\u2029\ufeff\U000e0041\ud83d"
)
CONTROLS = set(HOSTILE) - set("\u2028\u2029") - {char for char in HOSTILE if char.isprintable()}


def test_controls_and_direction_marks_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    echo(HOSTILE)
    echo(HOSTILE, err=True)
    print_table(("a", "b"), [(HOSTILE, Text(HOSTILE, style="bold"))])
    print_json({"subject": HOSTILE})
    said = capsys.readouterr()
    assert not CONTROLS & set(said.out + said.err)
    assert said.err.startswith("Tafel]0;neu [2J31mq ")
    assert json.loads(said.out.splitlines()[-1]) == {"subject": HOSTILE}


def test_no_traceback_controls_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError(HOSTILE)

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(threading, "excepthook", None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.count("ValueError: Tafel]0;neu [2J31mq ") == 2
    assert not CONTROLS & set(said)


def test_no_usage_error_controls_a_terminal(
    subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in [
        [HOSTILE],
        [f"--{HOSTILE}"],
        ["show", "GYM-1", HOSTILE],
        ["show", f"--{HOSTILE}", "GYM-1"],
        ["preview", f"--language={HOSTILE}"],
        ["queue", f"resend{HOSTILE}"],
    ]:
        with subtests.test(arguments=arguments):
            monkeypatch.setattr("sys.argv", ["mailbot", *arguments])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert ended.value.code == 2
            said = capsys.readouterr().err
            assert said.startswith("Usage: ")
            assert not CONTROLS & set(said)


def test_the_demonstration_shows_no_controls() -> None:
    message, out = EmailMessage(), StringIO()
    message.set_content(HOSTILE.replace("\ud83d", ""))
    screen = Screen(Console(file=out))
    screen.write(HOSTILE)
    screen.heading(HOSTILE)
    screen.show(message.as_bytes(), HOSTILE, HOSTILE)
    assert not CONTROLS & set(out.getvalue())


def test_everything_is_printed_by_these_functions() -> None:
    found = []
    for file in Path(ROOT / "mailbot").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "print",
                "typer.echo",
                "typer.secho",
                "sys.stdout.write",
                "sys.stderr.write",
            ):
                found.append(f"{file.relative_to(ROOT)}: {ast.unparse(node)[:60]}")
    allowed = ("mailbot/cli/common.py: typer.echo(printable(", "mailbot/cli/common.py: typer.echo(escaped(")
    assert [call for call in found if not call.startswith(allowed)] == []


PASSWORD = 'Zwölf "Kraniche" & 100%'


def shown(form: str) -> str:
    """Return a reply with a form of the password."""
    return sanitize_reply(f"535 5.7.8 not accepted: {form} (see log)", Secret(PASSWORD))


def test_no_reply_shows_the_password_in_any_encoding() -> None:
    raw = PASSWORD.encode()
    encoded = base64.b64encode
    forms = {
        "plain": PASSWORD,
        "quoted string": PASSWORD.replace('"', '\\"'),
        "AUTH PLAIN": encoded(b"\0gym\0" + raw).decode(),
        "with an authorisation identity": encoded(b"gym@schule.example\0gym\0" + raw).decode(),
        "AUTH LOGIN": encoded(raw).decode(),
        "without padding": encoded(raw).decode().rstrip("="),
        "for URLs": base64.urlsafe_b64encode(b"?>\0" + raw).decode(),
        "over two lines": encoded(b"x" + raw).decode()[:17] + "\r\n" + encoded(b"x" + raw).decode()[17:],
        "hex": raw.hex().upper(),
        "percent": "Zw%c3%b6lf%20%22Kraniche%22%20%26%20100%25",
        "HTML": "Zwölf &quot;Kraniche&quot; &amp; 100%",
        "JSON": json.dumps(PASSWORD),
        "cut off": encoded(b"\0gym\0" + raw).decode()[:21],
    }
    # Quotation marks, and where base64 has line breaks the characters that other bytes share, stay.
    leaks = {name: text for name, form in forms.items() if len(text := shown(form)) > len(shown("…")) + 5}
    assert leaks == {}


def test_no_reply_shows_a_token() -> None:
    xoauth2 = base64.b64encode(b"user=gym@schule.example\x01auth=Bearer ya29.geheim\x01\x01").decode()
    for form in (xoauth2, xoauth2[:60], "Bearer ya29.geheim"):
        text = sanitize_reply(f"535 rejected: {form}", None)
        assert "ya29" not in text
        assert xoauth2[:40] not in text


def test_other_words_of_a_reply_stay() -> None:
    reply = (
        "550 5.1.1 <lena@schule.example> user unknown, id 4bXyZq12AbCdEfGh-1700000000 by mx7.provider.example"
    )
    assert sanitize_reply(reply, Secret(PASSWORD)) == reply
    assert sanitize_reply("a\x1b[31m\r\nb", None) == "a [31m b"
