"""Hooks of mpsec-conformance for any peer: a server beside the driver, and the command that asks it.

As a command: `hooks.py SOCKET HOOK ARGUMENT` asks, prints the answer and fails where the peer did.
"""

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from pathlib import Path

Hook = Callable[[str], str]
"""Gets what stands for $1, a number or "usual", and gives what the hook prints."""
_ASK_SECONDS = 30


class HookServer:
    """Answers on a unix socket while it is open: one line "HOOK ARGUMENT", then "ok TEXT" or "failed TEXT", of lines, to the end."""

    def __init__(self, path: Path, hooks: dict[str, Hook]) -> None:
        self.path, self.hooks = path, hooks
        self._server = socketserver.ThreadingUnixStreamServer(str(path), self._handler(hooks))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "HookServer":
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.path.unlink(missing_ok=True)

    def commands(self) -> dict[str, str]:
        """Of the target file: hook -> command."""
        return {name: f"/usr/bin/python3 -SE {Path(__file__).resolve()} {self.path} {name} $1" for name in self.hooks}

    @staticmethod
    def _handler(hooks: dict[str, Hook]) -> type[socketserver.StreamRequestHandler]:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                name, _, argument = self.rfile.readline().decode().strip().partition(" ")
                try:
                    answer = f"ok {hooks[name](argument)}"
                except Exception as error:  # whatever it is, the one who asked is told
                    answer = f"failed {type(error).__name__}: {' '.join(str(error).split())}"
                with contextlib.suppress(BrokenPipeError):  # the case was over, and the command ended, before the peer was done
                    self.wfile.write(f"{answer}\n".encode())

        return Handler


def ask(path: str, name: str, argument: str) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ASK_SECONDS)
        connection.connect(path)
        connection.sendall(f"{name} {argument}\n".encode())
        outcome, _, text = connection.makefile().read().strip().partition(" ")
    print(text)
    return 0 if outcome == "ok" else 1


if __name__ == "__main__":
    sys.exit(ask(*(sys.argv[1:] + [""])[:3]))
