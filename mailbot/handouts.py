"""Write a page for teachers and one for supporters to print, from the texts that the bot sends."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import segno
from markupsafe import Markup

from mailbot import samples
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Role
from mailbot.outgoing import OutgoingMail
from mailbot.preview import LANGUAGES
from mailbot.render import Templates, render
from mailbot.render.help import help_list
from mailbot.samples import scene

READERS = {Role.REQUESTER: "teachers", Role.SUPPORTER: "supporters"}
"""For whom there are pages, and what their files are called."""

PICTURED = {Role.REQUESTER: ("receipt", "closed"), Role.SUPPORTER: ("new_ticket",)}
"""The sample mails that a page shows."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
PRINT_SECONDS = 60


class PrintError(Exception):
    """A page could not be printed into a PDF; the text says why."""


def write_handouts(directory: Path, policy: Policy | None, templates: Templates) -> Iterator[Path]:
    """Write the pages of each school, or of a sample one, in each language, and yield where they are."""
    directory.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        translated = replace(policy or scene.policy(language), language=language)
        for school in translated.schools if policy else translated.schools[:1]:
            prefix = f"{school.key}-" if policy else ""
            for role, readers in READERS.items():
                path = directory / f"{prefix}{readers}-{language}.html"
                page = handout(role, replace(school, language=language), translated, templates)
                path.write_text(page, encoding="utf-8")
                yield path


def handout(role: Role, school: School, policy: Policy, templates: Templates) -> str:
    """Return the page for the readers of that role, in the school's language; raise `BrokenTemplateError`."""
    words: Mapping[str, Any] = templates.words(
        school.language, informal=school.informal, second_level=policy.second_level.name
    )
    page, example = words["handouts"][role.value], words["handouts"]["example"]
    mails = [_mail(name, example, school, policy, templates) for name in PICTURED[role]]
    return templates.get("handout.html.j2").render(
        language=school.language,
        role=role.value,
        words=words,
        school=school,
        brand=policy.name,
        page=page,
        commands=help_list(words, role, short=True),
        mails=[(title, each, each.html) for title, each in zip(page["pictures"], mails, strict=True)],
        names=_names(words, school, policy),
        qr_code=Markup(_qr_code(school.address)),  # noqa: S704 - made of an address that the loader checked
        helpline=" ".join(filter(None, (policy.helpline_name, policy.helpline_phone))),
    )


def _qr_code(address: str) -> str:
    """Return an SVG picture that a telephone reads as the address of a new mail (RFC 6068)."""
    return str(segno.make(f"mailto:{quote(address, safe='@')}", error="m").svg_inline(scale=3, border=2))


def _names(words: Mapping[str, Any], school: School, policy: Policy) -> dict[str, object]:
    """Return the names in the sentences of a page: people, and commands as written by buttons."""
    _, close, _ = words["actions"]["close"]
    _, escalate, _ = words["actions"]["escalate"]
    return {
        "team": school.team.name,
        "second_level": policy.second_level.name,
        "days": policy.limits.reopen_days,
        "close": close,
        "escalate": escalate,
        "save": words["save"],
        "use": words["use"],
    }


def _mail(
    name: str, example: Mapping[str, str], school: School, policy: Policy, templates: Templates
) -> OutgoingMail:
    """Return a mail about a short example, as this school sends it."""
    notification = samples.notifications(school.language)[name]
    if notification.ticket is None:
        raise LookupError(f"the sample {name} has no ticket")
    ticket = replace(notification.ticket, school=school.key, subject=example["subject"], cc=())
    return render(
        replace(notification, ticket=ticket, text=example[name], attachments=(), listed=()),
        school,
        policy,
        templates,
        message_id="<sample@school.example>",
        action_key="",
        now=scene.NOW,
    )


def print_pdf(page: Path) -> Path:
    """Print a page into a PDF beside it by an installed Chromium; raise PrintError."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise PrintError("no Chromium is installed: apt install chromium, or print the pages from a browser")
    pdf = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={pdf.resolve()}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses to run as root with it
            page.resolve().as_uri(),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=PRINT_SECONDS)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise PrintError(f"{page}: {browser} could not print it: {error}") from error
    return pdf
