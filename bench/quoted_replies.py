"""Quote every sample mail in every style of a mail program; count the answers that come out exactly.

python -m bench.quoted_replies

It takes some minutes. `tests/integration/test_gallery.py` takes three styles of each mail.
"""

import sys

from mailbot.core.commands.parse import parse as find_commands
from mailbot.core.text.own_quote import split_reply
from mailbot.parse import parse
from mailbot.preview import LANGUAGES
from tests.support.rendered_samples import notifications, rendered, sent_text
from tests.support.reply_styles import PLACES, STYLES

ANSWER = "Danke, das Kabel war es.\nIch melde mich morgen noch einmal."


def main() -> int:
    """Print the figures and each wrong answer; return 1 if there is one."""
    samples = [(name, language) for language in LANGUAGES for name in notifications(language)]
    replies, commands, wrong = 0, 0, 0
    for name, language in samples:
        for style, build in STYLES.items():
            for place in PLACES:
                mail = parse(build(rendered(name, language), ANSWER, place).build())
                found = split_reply(mail.whole_text, [sent_text(name, language)], structured=mail.structured)
                replies += 1
                if found is not None:
                    commands += len(find_commands(f"{found.text}\n{found.signature}").lines)
                if found is None or found.text != ANSWER:
                    wrong += 1
                    print(f"{language} {name}, {style}, {place}: {found and found.text!r}")
    counts = f"{len(samples)} mails, {len(STYLES)} styles, {len(PLACES)} places"
    print(f"{counts}: {replies} replies, {replies - wrong} exact, {commands} commands of the mail seen")
    return 1 if wrong or commands else 0


if __name__ == "__main__":
    sys.exit(main())
