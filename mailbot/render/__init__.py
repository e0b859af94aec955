"""Notices to letters, in the reader's language. jinja2 and babel are known to this package only."""

from jinja2 import TemplateError

from mailbot.render.letter import render
from mailbot.render.templates import Templates

__all__ = ["TemplateError", "Templates", "render"]
