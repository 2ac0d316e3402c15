"""Campaigns tell what they did: one line each at the end of the run, with the seed that repeats it."""

import pytest

from tests.integration.faults.report import REPORTS, lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORTS:
        terminalreporter.section("campaigns")
    for line in lines():
        terminalreporter.write_line(line)
