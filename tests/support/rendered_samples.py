"""The sample mails, rendered with the packaged templates once for all tests of a process."""

from collections.abc import Iterator
from functools import cache

from mailbot import samples
from mailbot.outgoing import OutgoingMail
from mailbot.preview import FORMS, sample
from mailbot.render import Templates

TEMPLATES = Templates()


@cache
def rendered(name: str, language: str = "de", *, informal: bool = False) -> OutgoingMail:
    """Return a sample by its name."""
    return sample(samples.notifications(language)[name], language, TEMPLATES, informal=informal)


def every_sample() -> Iterator[tuple[str, OutgoingMail]]:
    """Yield all samples in all languages and forms, with an id for the message of a failure."""
    for language, informal in FORMS:
        for name in samples.notifications(language):
            form = f"{language}{'-du' if informal else ''}"
            yield f"{form}-{name}", rendered(name, language, informal=informal)
