"""Logs: structlog and the standard library's logging in one stream, as key=value for people or as JSON lines.

Secrets do not get here in the first place (R12); what this module does about them is a second line of defence: values
of fields with telling names are replaced, and so is every known secret wherever it stands in the finished line.
"""

import logging
import re
from collections.abc import Iterable, MutableMapping
from typing import Any, Final

import structlog

from config import LoggingConfig
from console.writer import Writer

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


def configure_logs(settings: LoggingConfig, writer: Writer) -> None:
    """Sends everything that is logged from now on to ``writer``, whatever file is set.

    Logging neither waits nor raises. Once lines can be written again, ``log_was_not_writable`` says how many are
    missing.
    May be called again, for another writer.
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
    renderer = _Renderer(_people if settings.format == "text" else structlog.processors.JSONRenderer(default=str))
    processors: list[structlog.typing.Processor] = [*shared, renderer]

    def lost(lines: int) -> str:
        event: Any = {"event": "log_was_not_writable", "lines": lines}
        for process in processors:
            event = process(None, "error", event)
        return f"{event}\n"

    writer.when_lost(notice=lost)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(writer),  # type: ignore[arg-type]  # write and flush are all it uses
        cache_logger_on_first_use=False,
    )
    handler = _Handler(writer)
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


class _Renderer:
    """Makes the line of an event, also of one with a field that cannot be written as text."""

    def __init__(self, render: structlog.typing.Processor) -> None:
        self._render = render

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> Any:
        known = {key: str(event[key]) for key in ("timestamp", "level", "event") if type(event.get(key)) is str}
        try:
            return self._render(logger, name, event)
        except Exception as error:
            return self._render(logger, name, {**known, "fields_not_written": type(error).__name__})


class _Handler(logging.Handler):
    """Takes what is logged by way of the standard library."""

    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """A record that cannot be formatted is told of as such; the standard library would print to stderr."""
        try:
            text = self.format(record)
        except Exception as error:
            text = f"log_record_not_written logger={record.name} line={record.lineno} error={type(error).__name__}"
        self._writer.write(f"{text}\n")


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
