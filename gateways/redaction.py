"""Secrets never reach a message, a log line or a report."""

import logging
import re

_SECRET = re.compile(r"\b((?:sk|rk|pk|whsec)_(?:live_|test_)?)[A-Za-z0-9_*]+")


def redact(text: object) -> str:
    """The text with every Stripe key and webhook secret cut down to its prefix."""
    return _SECRET.sub(r"\1…", str(text))


class RedactingFilter(logging.Filter):
    """Redacts what a third-party logger is about to write.

    Request and response bodies, which the Stripe client logs at debug level, carry customers'
    names and addresses: they are dropped, not redacted.
    """

    _BODIES = ("post_data=", "body=")

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.levelno <= logging.DEBUG and any(mark in message for mark in self._BODIES):
            return False
        record.msg, record.args = redact(message), None
        return True


def keep_secrets_out_of(logger_name: str) -> None:
    """Puts the filter on the named logger, once."""
    logger = logging.getLogger(logger_name)
    if not any(isinstance(item, RedactingFilter) for item in logger.filters):
        logger.addFilter(RedactingFilter())
