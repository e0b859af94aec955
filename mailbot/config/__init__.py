"""Configuration: from TOML to settings, or to a list of problems."""

from mailbot.config.loader import find, load
from mailbot.config.problem import ConfigError, ConfigurationError
from mailbot.config.settings import ImapAccount, OAuth2, Secret, Security, Settings, SmtpAccount

__all__ = [
    "ConfigError",
    "ConfigurationError",
    "ImapAccount",
    "OAuth2",
    "Secret",
    "Security",
    "Settings",
    "SmtpAccount",
    "find",
    "load",
]
