"""Prints the report under the results."""

import report


def pytest_terminal_summary(terminalreporter) -> None:
    """Called by pytest at the end of the run."""
    for line in report.lines():
        terminalreporter.write_line(line)
