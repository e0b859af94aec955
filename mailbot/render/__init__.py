"""Render notifications in the recipient's language. Only this package imports jinja2 and babel."""

from mailbot.render.mail import render
from mailbot.render.templates import BrokenTemplateError, Templates

__all__ = ["BrokenTemplateError", "Templates", "render"]
