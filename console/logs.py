"""Logs: structlog and the standard library's logging in one stream, as key=value for people or as JSON lines.

Secrets do not get here in the first place (R12); what this module does about them is a second line of defence: values
of fields with telling names are replaced, and so is every known secret wherever it stands in the finished line.
"""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Final, TextIO

import structlog

from actors.runtime.log_stream import LogStream
from config import LoggingConfig
from messages.errors import ConfigurationError

LEVELS: Final = ("debug", "info", "warning", "error")
_HIDDEN: Final = "<hidden>"
_TELLING: Final = re.compile(
    r"secret|passw|passphrase|token|credential|signature|authori[sz]ation|cookie|private|(^|_|-)(api_?)?key$|^sign$",
    re.I,
)
_SHORTEST: Final = 6
"""Shorter values are not looked for: they would be found inside of ordinary words."""


class Hider:
    """Knows the secrets of this process, and takes them out of texts."""

    def __init__(self) -> None:
        self._secrets: list[str] = []

    def learn(self, secrets: Iterable[str]) -> None:
        """From now on these are hidden."""
        self._secrets.extend(secret for secret in secrets if len(secret) >= _SHORTEST)

    def hide(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, _HIDDEN)
        return text


class _HidingStream:
    """A text stream that writes through a `Hider`."""

    def __init__(self, stream: TextIO, hider: Hider) -> None:
        self._stream = stream
        self._hider = hider

    def write(self, text: str, /) -> int:
        return self._stream.write(self._hider.hide(text))

    def flush(self) -> None:
        self._stream.flush()


def configure_logs(settings: LoggingConfig, hider: Hider, stream: TextIO | None = None) -> None:
    """Sends everything that is logged from now on to ``stream`` (stderr if there is none), whatever file is set.

    Logging never raises. Once the stream can be written again, ``log_was_not_writable`` says how many lines may be
    missing.
    May be called again, for another stream.
    """
    number = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain tracebacks: the pretty ones show local variables
        redact,
    ]
    renderer = _people if settings.format == "text" else structlog.processors.JSONRenderer(default=str)

    def lost(lines: int) -> str:
        event: Any = {"event": "log_was_not_writable", "lines": lines}
        for process in (*shared, renderer):
            event = process(None, "error", event)
        return f"{event}\n"

    target = LogStream(_HidingStream(sys.stderr if stream is None else stream, hider), lost)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(target),  # type: ignore[arg-type]  # write and flush are all it uses
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_logger, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))  # debug of the libraries is theirs: it may quote requests
    logging.captureWarnings(True)


def open_log(path: str, setting: str) -> TextIO:
    """A log file to append to; ``setting`` is what named it.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        return open(path, "a", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{setting} = {path}: the log cannot be written: {error.strerror}") from None


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: hides the values of fields whose names suggest a secret."""
    for name in event:
        if name != "event" and _TELLING.search(name):
            event[name] = _HIDDEN
    return event


def _name_logger(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
    return event


def _people(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """``2026-11-22T08:00:00.000000Z info    connection_live  name=alpha elapsed_ms=31.2``."""
    head = f"{event.pop('timestamp', '')} {event.pop('level', ''):<7} {event.pop('event', '')}"
    details = [event.pop(name) for name in ("stack", "exception") if name in event]
    fields = " ".join(f"{name}={_plain(value)}" for name, value in event.items())
    return "\n".join([f"{head}  {fields}" if fields else head, *map(str, details)])


def _plain(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    is_simple = bool(text) and text.isprintable() and not any(mark in text for mark in ' "=')
    return text if is_simple else repr(text) if not text.isprintable() else f'"{text}"'
