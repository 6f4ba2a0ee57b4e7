"""What the tests of the laboratory share."""

import dataclasses
from collections.abc import Iterator

import pytest

from lab import probe
from lab.topology import LinkSpec, Topology, load


@pytest.fixture
def privileged() -> None:
    """For tests that make namespaces: without the rights for it they are skipped, and say why."""
    reason = probe.needed() or probe.tcpdump()
    if reason:
        pytest.skip(f"no namespaces here: {reason}")


@pytest.fixture(scope="module")
def privileged_module() -> Iterator[None]:
    """The same, for a laboratory that several tests share."""
    reason = probe.needed() or probe.tcpdump()
    if reason:
        pytest.skip(f"no namespaces here: {reason}")
    yield


def emulated(topology: str, emulator: str) -> Topology:
    """The topology with that emulator on the link "outer"."""
    found = load(topology)
    links = tuple(_with(link, emulator) if link.name == "outer" else link for link in found.links)
    return dataclasses.replace(found, links=links)


def _with(link: LinkSpec, emulator: str) -> LinkSpec:
    return dataclasses.replace(link, emulator=emulator)
