"""Find the optional libraries that a configuration needs and this installation lacks."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from mailbot.config import Settings


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra of this package: its library with the oldest version that works, and the setting for it."""

    name: str
    library: str
    oldest: tuple[int, int]
    setting: str


EXTRAS = (
    Extra("postgresql", "psycopg", (3, 3), "bot.database"),
    Extra("microsoft", "msal", (1, 39), 'auth = "oauth2"'),
    Extra("google", "google-auth", (2, 62), 'auth = "oauth2"'),
    Extra("prometheus", "prometheus-client", (0, 23), "[metrics]"),
)


def lacks(name: str) -> str | None:
    """Return what is wrong with the library of an extra and what to do, or None if it can be used."""
    extra = next(extra for extra in EXTRAS if extra.name == name)
    todo = f"pip install 'mailbot[{extra.name}]'"
    try:
        found = version(extra.library)
    except PackageNotFoundError:
        return f"{extra.library} is missing for {extra.setting}: {todo}"
    if _numbers(found) >= extra.oldest:
        return None
    oldest = ".".join(map(str, extra.oldest))
    return f"{extra.library} {found} is too old for {extra.setting}, it needs {oldest}: {todo}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def needed(settings: Settings) -> Iterator[str]:
    """Yield the names of the extras that a configuration needs."""
    if settings.database.startswith("postgresql"):
        yield "postgresql"
    if settings.oauth2 is not None:
        yield settings.oauth2.provider
    if settings.metrics_file is not None or settings.metrics_port is not None:
        yield "prometheus"


def missing(settings: Settings) -> list[str]:
    """Return a line with advice for each library that the configuration needs and that cannot be used."""
    return [problem for name in needed(settings) if (problem := lacks(name)) is not None]
