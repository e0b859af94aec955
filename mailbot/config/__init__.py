"""Configuration: from TOML to settings, or to a list of problems."""

from mailbot.config.loader import find, load
from mailbot.config.problem import ConfigurationError, Problem
from mailbot.config.settings import ImapAccount, OAuth2, Secret, Security, Settings, SmtpAccount

__all__ = [
    "ConfigurationError",
    "ImapAccount",
    "OAuth2",
    "Problem",
    "Secret",
    "Security",
    "Settings",
    "SmtpAccount",
    "find",
    "load",
]
