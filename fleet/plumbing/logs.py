"""Logs: a sentence plus a stable `event` and bound context, for people on a console or as JSON for machines."""

import logging
import sys
from typing import Any

import structlog

from fleet.plumbing.settings import Settings

# Without the local variables of every frame: they hold passwords, tokens and what devices said of people.
_json_traceback = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logs(settings: Settings) -> None:
    """Sets up logging for this process, once, to standard error.

    Line breaks and control characters in values are escaped for both renderers, so that one entry stays one line
    whatever a device puts into its strings (reliability.md S24).
    """
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _escape_control_characters,
            *([_json_traceback] if settings.log_format == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    line = "%(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format=line)


def get_logger(**context: str) -> structlog.stdlib.BoundLogger:
    """A logger with context bound. Use as `log.info("sentence", event_name="batch_stored", device_id=...)`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(**context)
    return logger


def _escape_control_characters(_: object, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: _escaped(value) for key, value in entry.items()}


def _escaped(value: Any) -> Any:  # noqa: ANN401 - log values are of any kind
    if not isinstance(value, str):
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
