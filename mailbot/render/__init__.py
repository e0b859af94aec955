"""Notices to letters, in the reader's language. jinja2 and babel are known to this package only."""

from mailbot.render.letter import render
from mailbot.render.templates import BrokenTemplateError, Templates

__all__ = ["BrokenTemplateError", "Templates", "render"]
