"""Typed settings: a TOML file becomes frozen values, or an error that names file, key, value and what is allowed."""

from config.load import load_config, parse_config
from config.schema import (
    AccountConfig,
    Config,
    EmbeddedConfig,
    JournalConfig,
    LoggingConfig,
    ShutdownConfig,
    StrategyConfig,
    VenueConfig,
)
from config.secrets import load_credentials

__all__ = [
    "AccountConfig",
    "Config",
    "EmbeddedConfig",
    "JournalConfig",
    "LoggingConfig",
    "ShutdownConfig",
    "StrategyConfig",
    "VenueConfig",
    "load_config",
    "load_credentials",
    "parse_config",
]
