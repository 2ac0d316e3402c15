"""What logs hold."""

import pytest
import structlog

from services.runtime.telemetry import configure_logging


def test_a_logged_exception_says_where_and_shows_no_payload(capfd: pytest.CaptureFixture[str]) -> None:
    payload = "26BE343000000001A1"

    def fails(declaration: str) -> None:
        raise RuntimeError(str(len(declaration)))

    configure_logging("INFO")
    try:
        fails(payload)
    except RuntimeError as error:
        structlog.get_logger("test").critical("failed", exc_info=error)
    finally:
        structlog.reset_defaults()
    said = capfd.readouterr().err
    assert '"name": "fails"' in said
    assert payload not in said
