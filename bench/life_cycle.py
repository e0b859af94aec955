"""Install mailbot on a real systemd as the documentation says, and use it for a year.

    python -m bench.life_cycle ROOT [OUTPUT]

ROOT is a minimal Debian (debootstrap with systemd, dbus, ca-certificates and python3), which is booted as a
container on this machine's network. Needs root, systemd-container and Dovecot. Each command that is from a
page of docs/ is checked to be in it. OUTPUT gets the transcript.
"""

import contextlib
import os
import re
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

from bench.environment import Site, site
from tests.support.mail_builder import mail
from tests.support.servers.dovecot import PASSWORD
from tests.support.servers.smtp import PASSWORD as SMTP_PASSWORD
from tests.support.servers.smtp import USER

PROJECT = Path(__file__).parents[1]
ADDRESS = "support-gym@schule.example"
OPERATOR, SUPPORTER = "edv@stadt.example", "mustermann.m@support.example"
TEACHER = "lena@schule.example"
BOOT = """
for h in '' systemd unified cpu cpuacct memory pids devices freezer blkio; do
    d=/sys/fs/cgroup/$h/$2; mkdir -p "$d" 2>/dev/null && echo $$ >"$d/cgroup.procs" 2>/dev/null || true
done
exec systemd-nspawn -b -D "$1" --register=no --keep-unit --private-users=no \\
    --resolv-conf=copy-host --console=pipe
"""
ANSWERS = {
    "host": "127.0.0.1",
    "sender": USER,
    "operator": OPERATOR,
    "address": ADDRESS,
    "supporter": SUPPORTER,
    "second_level": "technik@stadt.example",
}


class Machine:
    """A booted container, and the transcript of what was done in it."""

    def __init__(self, root: Path, servers: Site, transcript: Path) -> None:
        self.root, self.servers = root, servers
        self._transcript = transcript.open("w", encoding="utf-8")
        self._init = ""
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line to the transcript and to stdout."""
        for stream in (self._transcript, sys.stdout):
            print(text, file=stream, flush=True)

    def boot(self) -> None:
        """Boot the container and wait for its systemd."""
        log = self.root.with_suffix(".log").open("wb")
        command = ["sh", "-c", BOOT, "boot", str(self.root), self.root.name]
        # Debian 13's systemd needs the unified hierarchy, Debian 12's works with what the host has.
        new = (self.root / "etc/debian_version").read_text("ascii") >= "13"
        environ = {**os.environ, **({"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"} if new else {})}
        nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ)
        for _ in range(120):
            found = subprocess.run(
                ["pgrep", "-P", str(nspawn.pid)], capture_output=True, text=True, check=False
            )
            self._init = found.stdout.split()[0] if found.stdout else ""
            if self._init and self._inside("systemctl is-system-running")[1].strip() in (
                "running",
                "degraded",
            ):
                return
            time.sleep(1)
        raise SystemExit("the container does not boot; see its log")

    def halt(self) -> None:
        """Power the container off."""
        self._inside("poweroff")

    def _inside(self, command: str, stdin: str = "") -> tuple[int, str]:
        enter = [
            "nsenter",
            "-t",
            self._init,
            "-m",
            "-u",
            "-i",
            "-p",
            "-C",
            "sh",
            "-c",
            f"cd /root; {command}",
        ]
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        environ |= {name: os.environ[name] for name in ("PIP_CERT",) if name in os.environ}
        done = subprocess.run(
            enter,
            env=environ,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def run(self, command: str, *, page: str = "", status: int | None = 0, lines: int = 12) -> str:
        """Run a command as root; check its exit status, and that a page of the documentation has it."""
        if page:
            text = (PROJECT / "docs" / f"{page}.md").read_text("utf-8")
            said = command.replace(" -y", "")
            assert said in " ".join(text.replace("sudo ", "").split()), f"{page}.md does not say: {said}"
        began = time.monotonic()
        found, output = self._inside(command)
        seconds = time.monotonic() - began
        self.say(
            f"$ {command}    [{'docs/' + page + '.md, ' if page else ''}{seconds:.1f} s, status {found}]"
        )
        for line in output.splitlines()[-lines:]:
            self.say(f"    {line}")
        if status is not None and found != status:
            raise AssertionError(f"{command}: exit status {found} instead of {status}\n{output}")
        return output

    def step(self, title: str) -> None:
        """Begin a step in the transcript."""
        self.say(f"\n## {title}    (minute {(time.monotonic() - self._began) / 60:.1f})")

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
        """Wait for a condition; say how long it took."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                self.run(
                    "systemctl status mailbot; journalctl -u mailbot -n 40 --no-pager", status=None, lines=60
                )
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(0.2)
        self.say(f"  … {what}, after {time.monotonic() - began:.1f} s")

    def handles(self, subject: str) -> None:
        """Deliver a mail and wait for the team's notification; a teacher gets only five receipts an hour."""
        written = mail().message_id(f"<{secrets.token_hex(8)}@schule.example>").sender(TEACHER)
        self.servers.dovecot.deliver(ADDRESS, written.subject(subject).text("Er bleibt dunkel.\n").build())
        self.until(lambda: self.notification(subject) is not None, f"the team has the mail “{subject}”")

    def notification(self, subject: str) -> Message | None:
        """Return the newest mail to the supporter about a ticket with this subject."""
        for received in reversed(self.servers.smtp.received):
            if received.recipients == (SUPPORTER,):
                message = message_from_bytes(received.raw, policy=default)
                if subject in str(message["Subject"]):
                    return message
        return None

    def received(self, address: str) -> int:
        """Count the mails that an address has received."""
        return sum(received.recipients == (address,) for received in self.servers.smtp.received)

    def active(self) -> str:
        """Return the state of the service and its process."""
        return self._inside("systemctl show mailbot -p ActiveState,SubState,MainPID,NRestarts")[1]

    def pid(self) -> str:
        """Return the main process of the service."""
        return self._inside("systemctl show mailbot -p MainPID --value")[1].strip()


def install(machine: Machine) -> None:
    machine.step("install, by docs/installation.md")
    machine.run("apt update -q", lines=1)
    machine.run("apt install -y git make python3-venv dpkg-dev", page="installation", lines=1)
    target = machine.root / "root" / "mailbot"
    subprocess.run(["rm", "-rf", target], check=True)
    subprocess.run(["git", "clone", "-q", PROJECT, target], check=True)
    machine.say("$ git clone <URL of your copy> mailbot && cd mailbot")
    machine.run("cd mailbot && make deb", lines=3)
    machine.run("cd mailbot && apt install -y ./dist/mailbot_*.deb", lines=6)


def trust_servers(machine: Machine) -> None:
    """Write the authority of the servers' certificates to ca.pem beside the configuration."""
    authority = machine.servers.dovecot.account(ADDRESS).ca_file
    assert authority is not None
    file = machine.root / "etc/mailbot/ca.pem"
    file.write_bytes(authority.read_bytes())
    file.chmod(0o644)


def configure(machine: Machine) -> None:
    machine.step("configure")
    options = " ".join(shlex.quote(f"--set={name}={value}") for name, value in ANSWERS.items())
    machine.run(f"mailbot init /etc/mailbot/mailbot.toml {options}")
    (machine.root / "etc/mailbot/passwords/gym").write_text(f"{PASSWORD}\n")
    (machine.root / "etc/mailbot/passwords/smtp").write_text(f"{SMTP_PASSWORD}\n")
    trust_servers(machine)
    smtp, imap = machine.servers.smtp.port, machine.servers.dovecot.tls_port
    edit(
        machine,
        ("port = 587\n", f'port = {smtp}\nca_file = "ca.pem"\n'),
        ("port = 993\n", f'port = {imap}\nca_file = "ca.pem"\n'),
        ("# first_contact_days", "first_contact_days"),
    )
    machine.run("mailbot check", lines=30)
    machine.run("ls -d /var/lib/mailbot", status=2)  # root's check leaves nothing that the service cannot use
    machine.run("mailbot check --as-service", page="installation", lines=30)


def edit(machine: Machine, *changes: tuple[str, str]) -> None:
    """Edit the configuration."""
    path = machine.root / "etc/mailbot/mailbot.toml"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


def start(machine: Machine) -> None:
    machine.step("start")
    machine.run("systemctl enable --now mailbot", page="installation")
    machine.run("systemctl status mailbot", page="installation", lines=25)
    machine.handles("Beamer dunkel")
    machine.run("mailbot status")
    machine.run("mailbot status --probe")
    machine.run("journalctl -u mailbot -o cat --no-pager", lines=20)


def reload(machine: Machine) -> None:
    machine.step("reload, right and wrong")
    edit(machine, ('name = "Schul-Support"', 'name = "Schulhilfe"'))
    machine.run("systemctl reload mailbot", page="installation")
    before = machine.received(OPERATOR)
    edit(machine, ("poll_seconds = 60", "poll_seconds = 0\npol = 1"))
    machine.run("systemctl reload mailbot", status=1)
    machine.run("systemctl status mailbot | grep -E 'Active|Status'")
    machine.run("journalctl -u mailbot -n 6 -o cat --no-pager")
    machine.until(lambda: machine.received(OPERATOR) == before + 1, "the operator has an alert")
    machine.run("mailbot reload", status=2)
    machine.handles("Maus fehlt")
    edit(machine, ("poll_seconds = 0\npol = 1", "poll_seconds = 60"))
    machine.run("systemctl reload mailbot")
    machine.run("systemctl status mailbot | grep -E 'Active|Status'")
    machine.until(lambda: machine.received(OPERATOR) == before + 2, "the operator hears that it is over")


def crash(machine: Machine) -> None:
    machine.step("kill, and a process that hangs")
    before = machine.pid()
    machine.run("systemctl kill -s KILL mailbot")
    machine.until(lambda: machine.pid() not in ("0", before), "it was started again")
    machine.handles("Tastatur klemmt")
    before = machine.pid()
    machine.run(f"kill -STOP {before}")
    machine.until(
        lambda: machine.pid() not in ("0", before), "the watchdog ended it, and it was started again", 200
    )
    machine.handles("Drucker druckt nicht")
    machine.run("journalctl -u mailbot -n 30 -o cat --no-pager | grep -iE 'watchdog|killed|restart'", lines=6)


def call_as_root(machine: Machine) -> None:
    machine.step("calls by root, on a stopped desk that has never been started by systemd, too")
    machine.run("systemctl stop mailbot", page="installation")
    machine.run("mailbot check >/dev/null; mailbot once; mailbot backup /var/tmp/x.db; rm /var/tmp/x.db")
    machine.run("find -L /var/lib/mailbot -user root | wc -l")
    machine.run("systemctl start mailbot")
    machine.handles("Lautsprecher stumm")


def back_up(machine: Machine) -> None:
    machine.step("backup, by docs/backup.md")
    machine.run("mkdir -p /var/backups/mailbot")
    page = (PROJECT / "docs/backup.md").read_text("utf-8")
    units = re.findall(r"^    \[(?:Service|Timer)\]\n(?:    .*\n|\n)*", page, re.MULTILINE)
    for name, text in zip(("service", "timer"), units, strict=True):
        body = "\n".join(line.removeprefix("    ") for line in text.splitlines())
        (machine.root / f"etc/systemd/system/mailbot-backup.{name}").write_text(f"{body}\n")
    machine.run("systemctl daemon-reload")
    machine.run("systemctl enable --now mailbot-backup.timer", page="backup")
    for _ in range(2):
        machine.run("systemctl start mailbot-backup")
        time.sleep(1)
    machine.run("systemctl status mailbot-backup | head -n 12; ls -l /var/backups/mailbot", lines=24)


def upgrade(machine: Machine) -> None:
    machine.step("upgrade and downgrade, by docs/upgrading.md, with a probe all the time")
    machine.run("mkdir -p /var/backups; rm -f /var/backups/mailbot-before-upgrade.db")
    machine.run("mailbot backup /var/backups/mailbot-before-upgrade.db", page="upgrading")
    if not (machine.root / "root/mailbot/dist.before").exists():
        machine.run("cp -r mailbot/dist mailbot/dist.before; cd mailbot && REVISION=2 make deb", lines=1)
    machine.run(
        "(for i in $(seq 40); do mailbot status --probe | cut -c1-60; sleep .5; done) >/var/tmp/probes 2>&1 &"
        " cd mailbot; apt install -y --reinstall ./dist/mailbot_*.deb",
        lines=6,
    )
    machine.run("sleep 5; sort /var/tmp/probes | uniq -c")
    machine.handles("Nach dem Upgrade")
    machine.run("systemctl stop mailbot", page="upgrading")
    machine.run("apt install -y --allow-downgrades ./mailbot/dist.before/mailbot_*.deb", lines=3)
    machine.run("mailbot restore /var/backups/mailbot-before-upgrade.db", page="upgrading")
    machine.run("systemctl start mailbot", page="upgrading")
    machine.handles("Nach dem Downgrade")


def restore(machine: Machine) -> None:
    machine.step("restore")
    machine.run("systemctl stop mailbot")
    machine.run("cp /etc/mailbot/mailbot.toml /var/tmp/other.db; mailbot restore /var/tmp/other.db", status=1)
    create = (
        "import sqlite3; sqlite3.connect('/var/tmp/foreign.db').execute('create table if not exists t (a)')"
    )
    machine.run(f'python3 -c "{create}"')
    machine.run("mailbot restore /var/tmp/foreign.db", status=1)
    for _ in range(2):
        machine.run("mailbot restore $(ls /var/backups/mailbot/*.db | head -n 1)")
    machine.run("ls -l /var/lib/mailbot/ | cut -c1-120")
    machine.run("systemctl start mailbot")
    machine.handles("Nach dem Restore")


def remove(machine: Machine) -> None:
    machine.step("remove and purge")
    machine.run("apt remove -y mailbot", lines=4)
    machine.run("systemctl status mailbot", status=4)
    machine.run("ls /etc/mailbot /var/lib/mailbot/ /var/backups/mailbot")
    machine.run("apt purge -y mailbot", page="installation", lines=6)
    machine.run("ls -d /etc/mailbot", status=2)
    machine.run("ls /var/lib/private/mailbot /var/backups/mailbot")


STEPS = (install, configure, start, reload, crash, call_as_root, back_up, upgrade, restore, remove)


@contextlib.contextmanager
def booted(root: Path, transcript: Path) -> Iterator[Machine]:
    """Yield a booted machine that reaches a mail server; power it off in the end."""
    with site() as servers:
        machine = Machine(root, servers, transcript)
        machine.boot()
        try:
            yield machine
        finally:
            machine.halt()


def main() -> None:
    """Run all steps, or those whose names are given behind OUTPUT."""
    root = Path(sys.argv[1]).resolve()
    with booted(root, Path(sys.argv[2] if len(sys.argv) > 2 else f"{root}.txt")) as machine:
        release = (root / "etc/debian_version").read_text().strip()
        machine.say(
            f"# mailbot on Debian {release}, {machine.run('systemctl --version', lines=1).splitlines()[0]}"
        )
        for step in STEPS:
            if len(sys.argv) <= 3 or step.__name__ in sys.argv[3:]:
                step(machine)
        machine.say("\nall steps passed")


if __name__ == "__main__":
    main()
