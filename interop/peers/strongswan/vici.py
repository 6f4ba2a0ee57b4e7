"""The control protocol of charon's plugin vici, as far as hooks need it: a socket asks in a millisecond what swanctl, which loads
its plugins each time, asks in a hundred."""

import socket
import struct
from collections.abc import Callable, Iterator
from typing import TypeAlias, Union

Message: TypeAlias = dict[str, Union[str, list[str], "Message"]]

_REQUEST, _RESPONSE, _UNKNOWN, _REGISTER, _UNREGISTER, _CONFIRM, _NO_SUCH_EVENT, _EVENT = range(8)
_SECTION, _SECTION_END, _VALUE, _LIST, _ITEM, _LIST_END = range(1, 7)


class ViciError(RuntimeError):
    """The daemon said no, or something that is not understood."""


class Vici:
    """Each question has a connection of its own, so that threads do not wait for each other."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect

    def ask(self, command: str, **values: str) -> Message:
        """The answer; ViciError where it says that it was no success."""
        with self._connect() as connection:
            return _answer(command, connection, _named(_REQUEST, command) + _encoded(values))

    def collect(self, command: str, event: str, **values: str) -> list[Message]:
        """What comes as events of that name until the answer is there."""
        found: list[Message] = []
        with self._connect() as connection:
            _send(connection, _named(_REGISTER, event))
            if (kind := _receive(connection)[0]) != _CONFIRM:
                raise ViciError(f"vici: no event '{event}': packet type {kind}")
            _answer(command, connection, _named(_REQUEST, command) + _encoded(values), found)
        return found


def unix(path: str, seconds: float) -> socket.socket:
    """Connected, with a deadline for each step."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    connection.connect(path)
    return connection


def _answer(command: str, connection: socket.socket, request: bytes, events: list[Message] | None = None) -> Message:
    _send(connection, request)
    while (packet := _receive(connection))[0] == _EVENT:
        if events is not None:
            events.append(_decoded(packet[2 + packet[1] :]))
    if packet[0] != _RESPONSE:
        raise ViciError(f"vici: {command}: packet type {packet[0]}")
    answer = _decoded(packet[1:])
    if answer.get("success", "yes") != "yes":
        raise ViciError(f"vici: {command}: {answer.get('errmsg', 'no success, and no reason')}")
    return answer


def _named(kind: int, name: str) -> bytes:
    return bytes([kind, len(name)]) + name.encode()


def _encoded(values: dict[str, str]) -> bytes:
    parts = (_named(_VALUE, key) + struct.pack(">H", len(value.encode())) + value.encode() for key, value in values.items())
    return b"".join(parts)


def _decoded(octets: bytes) -> Message:
    return _section(iter(octets), bottom=True)


def _section(octets: Iterator[int], bottom: bool = False) -> Message:
    section: Message = {}
    for kind in octets:
        if kind == _SECTION_END and not bottom:
            return section
        if kind not in (_SECTION, _VALUE, _LIST):
            raise ViciError(f"vici: element type {kind} within a section")
        key = _text(octets, next(octets))
        if kind == _SECTION:
            section[key] = _section(octets)
        elif kind == _VALUE:
            section[key] = _text(octets, next(octets) << 8 | next(octets))
        else:
            section[key] = list(_items(octets))
    if not bottom:
        raise ViciError("vici: the message ends within a section")
    return section


def _items(octets: Iterator[int]) -> Iterator[str]:
    for kind in octets:
        if kind == _LIST_END:
            return
        yield _text(octets, next(octets) << 8 | next(octets))


def _text(octets: Iterator[int], length: int) -> str:
    return bytes(next(octets) for _ in range(length)).decode(errors="replace")


def _send(connection: socket.socket, packet: bytes) -> None:
    connection.sendall(struct.pack(">I", len(packet)) + packet)


def _receive(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">I", _exactly(connection, 4))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, octets: int) -> bytes:
    received = b""
    while len(received) < octets:
        piece = connection.recv(octets - len(received))
        if not piece:
            raise ViciError("vici: the daemon closed the connection before it had answered")
        received += piece
    return received
