"""The gateway's control socket: a JSON object per line, asked and answered (docs/gateway.md)."""

import json
import socket
from pathlib import Path
from typing import Any


class Refused(RuntimeError):
    """The gateway answered with an error; its text says which."""


def ask(path: Path, request: str, seconds: float, /, **members: Any) -> dict[str, Any]:
    """One request and its answer. Refused, or OSError where nobody answers within the time."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(str(path))
        connection.sendall(json.dumps({"request": request, **members}).encode() + b"\n")
        answer = json.loads(_line(connection))
    if not answer.get("ok"):
        raise Refused(json.dumps(answer.get("error", answer)))
    return answer


def _line(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the gateway closed the connection before it had answered")
        received += piece
    return received
