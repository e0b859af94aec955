"""Upgrade a released version to this one on a real systemd, as docs/upgrading.md says, and go back.

    python -m bench.upgrade ROOT COMMIT [OUTPUT]

ROOT is a minimal Debian as in `bench.life_cycle`, COMMIT the release to begin with: 0.2.0 or later. It is
installed and configured as its own pages say, with old names in the configuration and in its own templates.
Packages of an earlier run, in mailbot.before and mailbot.after of root's home in ROOT, are not built again.
"""

import re
import secrets
import shlex
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

from bench.life_cycle import ADDRESS, ANSWERS, PROJECT, SUPPORTER, Machine, booted, edit, trust_servers
from tests.support.mail_builder import mail
from tests.support.servers.dovecot import PASSWORD
from tests.support.servers.smtp import PASSWORD as SMTP_PASSWORD

BACKUP = "/var/backups/mailbot-before-upgrade.db"
MARK = "AUS EIGENER VORLAGE"
OLD_FILES = {
    "added_to_cc": "copied",
    "assigned_info": "taken",
    "command_receipt": "done",
    "ticket_details": "sheet",
}
OLD_VALUES = {"notification.": "notice.", "p90": "ninetieth"}
UNCHANGED_PARTS = ("done", "tickets")  # 0.2.0 has `told` and `step` in them
NEW_NAMES = (
    "[guard] is now [health]",
    "team.members[1].also is now aliases",
    "[second_level] members[1].also is now aliases",
    *(f"{old}.txt.j2 is now {new}.txt.j2" for new, old in OLD_FILES.items()),
    "notice is now notification",
    "ninetieth is now p90",
    "told is now notified",
    "step is now stage",
)
DROP_IN = """[Service]
LoadCredential=smtp:/etc/mailbot/smtp
LoadCredential=gym:/etc/mailbot/gym
"""
METRICS = ("mails_total", "letters_total", "outbox_letters", "outbox_doubtful_letters")


def install_release(machine: Machine, commit: str) -> None:
    """Build and install the release in a clone whose branch can be pulled later."""
    machine.step(f"install the release, {commit}")
    machine.run("apt update -q", lines=1)
    machine.run("apt install -y git make python3-venv dpkg-dev", lines=1)
    if not (machine.root / "root/mailbot.before").exists():
        target = machine.root / "root/mailbot"
        subprocess.run(["rm", "-rf", target], check=True)
        subprocess.run(["git", "clone", "-q", PROJECT, target], check=True)
        subprocess.run(["git", "-C", target, "reset", "-q", "--hard", commit], check=True)
        machine.run("cd mailbot && make deb && cp -r dist ../mailbot.before", lines=1)
    machine.run("apt install -y ./mailbot.before/mailbot_*.deb", lines=3)


def configure_release(machine: Machine) -> None:
    """Configure it: passwords beside the configuration, a drop-in, and old names everywhere."""
    machine.step("configure the release, by its own docs/installation.md, with old names")
    options = " ".join(shlex.quote(f"--set={name}={value}") for name, value in ANSWERS.items())
    machine.run(f"mailbot init /etc/mailbot/mailbot.toml {options}")
    etc = machine.root / "etc/mailbot"
    for name, password in (("smtp", SMTP_PASSWORD), ("gym", PASSWORD)):
        (etc / name).write_text(f"{password}\n")
    trust_servers(machine)
    edit(
        machine,
        ("port = 587\n", f'port = {machine.servers.smtp.port}\nca_file = "ca.pem"\n'),
        ("port = 993\n", f'port = {machine.servers.dovecot.tls_port}\nca_file = "ca.pem"\n'),
        ("# first_contact_days", "first_contact_days"),
        ("# templates =", "templates ="),
        ("[health]", "[guard]"),
        (f'"{SUPPORTER}"', f'{{ address = "{SUPPORTER}", also = ["max@privat.example"] }}'),
        ('["technik@stadt.example"]', '[{ address = "technik@stadt.example", also = ["t@stadt.example"] }]'),
    )
    own_templates(machine)
    (machine.root / "root/override.conf").write_text(DROP_IN)
    # systemd 257 puts the number of a line before the file
    (machine.root / "root/editor").write_text('#!/bin/sh\nfor file; do :; done; cp override.conf "$file"\n')
    machine.run("script -qec \"SYSTEMD_EDITOR='sh editor' systemctl edit mailbot\" /dev/null")
    machine.run("systemctl cat mailbot | tail -n 4; ls -l /etc/mailbot")


def own_templates(machine: Machine) -> None:
    """Copy templates of the release, under their names of version 0.1 and with its values."""
    package = machine.root / "usr/lib/mailbot/mailbot/templates"
    own = machine.root / "etc/mailbot/templates"
    (own / "de").mkdir(parents=True)
    (own / "parts").mkdir()
    for new, old in {**OLD_FILES, "report": "report"}.items():
        for suffix in ("txt.j2", "html.j2"):
            text = (package / "de" / f"{new}.{suffix}").read_text("utf-8")
            for name, before in OLD_VALUES.items():
                text = text.replace(name, before)
            text = text.replace("erledigt:", f"{MARK}:")
            (own / "de" / f"{old}.{suffix}").write_text(text, "utf-8")
    for part in UNCHANGED_PARTS:
        for suffix in ("txt.j2", "html.j2"):
            text = (package / "parts" / f"{part}.{suffix}").read_text("utf-8")
            (own / "parts" / f"{part}.{suffix}").write_text(text, "utf-8")


def start_release(machine: Machine) -> None:
    """Start it, after a check by root, and let it process mails."""
    machine.step("start the release")
    machine.run("mailbot check", status=None, lines=14)
    machine.run("ls -ldn /var/lib/mailbot /var/lib/mailbot/*", status=None)
    machine.run("systemctl enable --now mailbot")
    machine.run("ls -ldn /var/lib/private/mailbot /var/lib/private/mailbot/*")
    machine.handles("Beamer dunkel")
    machine.handles("Maus fehlt")
    command(machine, "Maus fehlt", "#schließen")
    assert len(tickets(machine)) == 2


def tickets(machine: Machine) -> list[str]:
    """Return the lines of all tickets."""
    lines = machine.run("mailbot tickets --status all 2>/dev/null", lines=20).splitlines()[1:]
    return [" ".join(line.split()) for line in lines]


def command(machine: Machine, subject: str, text: str) -> None:
    """Reply to a notification as the supporter; the operator's template renders the receipt."""
    notified = machine.notification(subject)
    assert notified is not None
    before = marks(machine)
    reply = mail().message_id(f"<{secrets.token_hex(8)}@support.example>").sender(SUPPORTER)
    reply.reply_to(str(notified["Message-ID"])).subject(f"Re: {notified['Subject']}").text(f"{text}\n")
    machine.servers.dovecot.deliver(ADDRESS, reply.build())
    machine.until(lambda: marks(machine) == before + 1, f"{text}: the receipt is of the own template")


def marks(machine: Machine) -> int:
    """Count the mails to the supporter that are rendered by the operator's template."""
    parts = [
        part.get_payload(decode=True)
        for received in machine.servers.smtp.received
        if received.recipients == (SUPPORTER,)
        for part in message_from_bytes(received.raw).walk()
        if part.get_content_type() == "text/plain"
    ]
    return sum(MARK.encode() in bytes(part or b"") for part in parts)


def upgrade(machine: Machine) -> None:
    """Upgrade by the page; the tickets stay, and mails are processed as before."""
    machine.step("upgrade, by docs/upgrading.md")
    before = tickets(machine)
    machine.run("mkdir -p /var/backups")
    machine.run(f"mailbot backup {BACKUP}", page="upgrading")
    if not (machine.root / "root/mailbot.after").exists():
        subprocess.run(["git", "-C", machine.root / "root/mailbot", "pull", "-q"], check=True)
        machine.say("$ cd mailbot && git pull")
        machine.run("cd mailbot && make deb && cp -r dist ../mailbot.after", lines=1)
    machine.run("apt install -y --reinstall ./mailbot.after/mailbot_*.deb", lines=8)
    machine.until(lambda: "ActiveState=active" in machine.active(), "the service is active")
    machine.run("mailbot --version; systemctl status mailbot | head -n 6")
    assert tickets(machine) == before
    machine.handles("Nach dem Upgrade")
    command(machine, "Nach dem Upgrade", "#schließen")
    machine.run("ls -ln /var/lib/mailbot/ | cut -c1-100")


def warnings(machine: Machine) -> None:
    """Check that each old name is reported with its new name."""
    machine.step("what is said about old names")
    checked = machine.run("mailbot check --as-service", page="installation", lines=30)
    journal = machine.run("journalctl -u mailbot -o cat --no-pager | grep -E 'renamed|old name'", lines=40)
    for name in NEW_NAMES:
        assert name in checked, name
        # the journal has the same in fields: file=… old=… new=…
        old, new = name.split(" is now ")
        assert name in journal or (f"old={old} new={new}" in journal), name
    trail = machine.run("mailbot trail --json >/dev/null")
    assert "mailbot trail is now mailbot audit" in trail
    edit(machine, ("# textfile = ", 'textfile = "/var/lib/private/mailbot/x.prom"  # '))
    machine.run("systemctl reload mailbot")
    prom = machine.root / "var/lib/private/mailbot/x.prom"
    machine.until(prom.exists, "the metrics are written")
    help_texts = machine.run("grep deprecated /var/lib/private/mailbot/x.prom")
    assert all(re.search(rf"HELP mailbot_{name} deprecated, use mailbot_", help_texts) for name in METRICS)
    edit(machine, ('textfile = "/var/lib/private/mailbot/x.prom"  # ', "# textfile = "))


def go_back(machine: Machine) -> None:
    """Go back to the release by the page."""
    machine.step("go back, by docs/upgrading.md")
    machine.run("systemctl stop mailbot", page="upgrading")
    machine.say("$ git checkout COMMIT; make deb    (built above)")
    machine.run("apt install -y --reinstall --allow-downgrades ./mailbot.before/mailbot_*.deb", lines=3)
    machine.run(f"mailbot restore {BACKUP}", page="upgrading")
    machine.run("systemctl start mailbot", page="upgrading")
    machine.run("mailbot --version; systemctl status mailbot | head -n 6")
    machine.handles("Nach dem Downgrade")
    assert {"GYM-1", "GYM-2"} < {line.split()[0] for line in tickets(machine)}


def main() -> None:
    """Run all steps."""
    root, commit = Path(sys.argv[1]).resolve(), sys.argv[2]
    with booted(root, Path(sys.argv[3] if len(sys.argv) > 3 else f"{root}.upgrade.txt")) as machine:
        machine.say(f"# Debian {(root / 'etc/debian_version').read_text().strip()}")
        install_release(machine, commit)
        for step in (configure_release, start_release, upgrade, warnings, go_back):
            step(machine)
        machine.say("\nall steps passed")


if __name__ == "__main__":
    main()
