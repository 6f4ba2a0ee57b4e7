"""Reads what swanctl prints with --pretty: messages of sections, lists and values."""

from typing import TypeAlias, Union

from peers.peer import ChildStatus, IkeStatus, Status
from peers.strongswan import words

Section: TypeAlias = dict[str, Union[str, list[str], "Section"]]
# An SA that is on its way out still stands in the list; what it carries is the past.
_ALIVE = {"INSTALLED", "REKEYING", "REKEYED"}


def messages(text: str, name: str) -> list[Section]:
    """The messages called so, "list-sa event". ValueError where a line is not understood, with its number."""
    lines = iter(enumerate(text.splitlines(), 1))
    found = []
    for _, line in lines:
        if line.endswith(" {"):
            section = _section(lines)
            if line.removesuffix(" {").strip() == name:
                found.append(section)
    return found


def _section(lines) -> Section:
    section: Section = {}
    for number, raw in lines:
        line = raw.strip()
        if line == "}":
            return section
        key, equals, value = line.partition(" = ")
        if equals and value == "[":
            section[key] = _list(lines)
        elif equals:
            section[key] = value
        elif line.endswith(" ="):
            section[line.removesuffix(" =")] = ""
        elif line.endswith("{"):
            section[line.removesuffix("{").strip()] = _section(lines)
        else:
            raise ValueError(f"line {number} of swanctl's answer is neither value, list nor section: '{line}'")
    raise ValueError("swanctl's answer ends within a section")


def _list(lines) -> list[str]:
    values = []
    for _, line in lines:
        if line.strip() == "]":
            return values
        values.append(line.strip())
    raise ValueError("swanctl's answer ends within a list")


def status(text: str) -> Status:
    """From `swanctl --list-sas --pretty`."""
    return Status(tuple(_ike(sa) for message in messages(text, "list-sa event") for sa in message.values()))


def _ike(sa: Section) -> IkeStatus:
    children = sa.get("child-sas", {}).values()
    return IkeStatus(
        established=sa["state"] in ("ESTABLISHED", "REKEYING"),
        initiator=sa.get("initiator") == "yes",
        spi_initiator=int(sa["initiator-spi"], 16),
        spi_responder=int(sa["responder-spi"], 16),
        local_identity=sa["local-id"],
        remote_identity=sa["remote-id"],
        remote_address=sa["remote-host"],
        transforms=words.transforms(sa),
        virtual_addresses=tuple(sa.get("local-vips", ()) or sa.get("remote-vips", ())),
        children=tuple(_child(child) for child in children if child["state"] in _ALIVE),
    )


def _child(child: Section) -> ChildStatus:
    return ChildStatus(
        name=child["name"],
        spi_in=int(child["spi-in"], 16),
        spi_out=int(child["spi-out"], 16),
        mode=child["mode"].lower(),
        protocol=child["protocol"].lower(),
        transforms=words.transforms(child),
        extended_numbers=child.get("esn") in ("1", "yes"),
        encapsulated=child.get("encap") == "yes",
        packets_in=int(child.get("packets-in", 0)),
        octets_in=int(child.get("bytes-in", 0)),
        packets_out=int(child.get("packets-out", 0)),
        octets_out=int(child.get("bytes-out", 0)),
        local=tuple(child.get("local-ts", ())),
        remote=tuple(child.get("remote-ts", ())),
    )
