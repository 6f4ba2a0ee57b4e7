"""What goes wrong in a laboratory, told to the person in front of it."""

import subprocess


class LabError(Exception):
    """Names the thing and the place, and says what would help."""


class TopologyError(LabError):
    """A topology that cannot be built; names file and key, and what was expected."""


class CommandFailed(LabError, subprocess.CalledProcessError):
    """A command in a node ended with another status than 0."""

    def __init__(self, node: str, argv: list[str], status: int, output: str, errors: str) -> None:
        subprocess.CalledProcessError.__init__(self, status, argv, output, errors)
        self.node = node

    def __str__(self) -> str:
        said = (self.stderr or self.output or "it said nothing").strip()
        return f"in node {self.node}: '{' '.join(self.cmd)}' ended with {self.returncode}: {said[-2000:]}"


class CommandTimedOut(LabError, subprocess.TimeoutExpired):
    """A command in a node took too long, and was killed with all that it had started."""

    def __init__(self, node: str, argv: list[str], timeout: float, output: str, errors: str) -> None:
        subprocess.TimeoutExpired.__init__(self, argv, timeout, output, errors)
        self.node = node

    def __str__(self) -> str:
        said = (self.stderr or self.output or "it said nothing").strip()
        return f"in node {self.node}: '{' '.join(self.cmd)}' took more than {self.timeout} s: {str(said)[-2000:]}"
