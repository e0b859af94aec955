"""The packaged templates, read once for all tests of a process."""

from mailbot.render import Templates

TEMPLATES = Templates()
