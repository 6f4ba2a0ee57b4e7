"""Every scenario with every peer, in both roles.

Parameters: the peer (with ours at the other end), and whether it initiates or responds. Rehearsals, where strongSwan stands at
both ends, carry the mark `rehearsal`; `short` marks what ci/test runs.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from peers.reference import Reference
from peers.scenario import Scenario
from peers.strongswan_kernel import StrongSwanKernel
from peers.strongswan_libipsec import StrongSwanLibipsec

from scenarios.plans import Plan
from scenarios.sites import Pair, Session, Site

PAIRS = (
    Pair(Reference, StrongSwanLibipsec),
    Pair(Reference, StrongSwanKernel),
    Pair(Reference, Reference),
    Pair(StrongSwanLibipsec, StrongSwanLibipsec),
    Pair(StrongSwanLibipsec, StrongSwanKernel),
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "short: what ci/test runs; with the kernel's ESP only what is `kernel_short` too")
    config.addinivalue_line("markers", "kernel_short: what only the kernel has, and one replay")
    config.addinivalue_line("markers", "kernel: the kernel's ESP takes part, in a guest where the host has none; set by the choice of peers")
    config.addinivalue_line("markers", "rehearsal: nothing of ours takes part; set by the choice of peers")
    config.addinivalue_line("markers", "long: takes a minute or more")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The peers that a module names in PAIRS, or all; a pair of the same maker needs one role only."""
    if "site" in metafunc.fixturenames:
        topology = getattr(metafunc.module, "TOPOLOGY", "two-gateways")
        metafunc.parametrize("site", _sites(topology), indirect=True, scope="session")
    if "role" in metafunc.fixturenames:
        metafunc.parametrize("role", _roles(metafunc.module), scope="function")


@functools.cache
def _sites(topology: str) -> list:
    """Made once: pytest keeps a fixture as long as its parameter is the same object."""
    return [pytest.param((pair, topology), marks=_marks(pair), id=str(pair)) for pair in PAIRS]


def _marks(pair: Pair) -> list[pytest.MarkDecorator]:
    rehearsal = [pytest.mark.rehearsal] if pair.rehearsal else []
    return rehearsal + ([pytest.mark.kernel] if StrongSwanKernel in (pair.a, pair.b) else [])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if not _said_twice(item)]


def _said_twice(item: pytest.Item) -> bool:
    """Two of one maker play the same in both roles; one of them is enough."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    pair = parameters.get("site", (None,))[0]
    return pair is not None and pair.a is pair.b and parameters.get("role") not in (None, _roles(item.module)[0])


def _roles(module) -> tuple[str, ...]:
    """Those that the peer plays in the scenarios of a module."""
    return getattr(module, "ROLES", ("initiates", "responds"))


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Iterator[Site | str]:
    """The laboratory with this pair, or why there can be none: a fixture of the session does not skip, tests do."""
    pair, topology = request.param
    if reason := pair.missing():
        yield reason
        return
    with Site(pair, topology) as made:
        yield made


@pytest.fixture(autouse=True)
def _told(request: pytest.FixtureRequest, record_property) -> None:
    """For the table of results: which peer, which role, which scenario."""
    if not hasattr(request.node, "callspec"):
        return
    parameters = request.node.callspec.params
    if "site" not in parameters:
        return
    record_property("peer", str(parameters["site"][0]))
    record_property("role", parameters.get("role", ""))
    variant = request.node.callspec.id.removeprefix(f"{parameters['site'][0]}-{parameters.get('role', '')}").lstrip("-")
    name = request.node.originalname.removeprefix("test_").replace("_", " ")
    record_property("scenario", f"{name} {variant}".rstrip())


@pytest.fixture
def plan(site: Site | str, request: pytest.FixtureRequest) -> Plan:
    """Makes scenarios for this site."""
    if isinstance(site, str):
        pytest.skip(site)
    return Plan(request.node.name, site.laboratory.nodes)


@pytest.fixture
def started(site: Site, plan: Plan, role: str) -> Iterator[Callable[[Scenario], Session]]:
    """Starts both gateways with a scenario; skips, with the reason, what one of them cannot do."""
    with ExitStack() as stack:

        def start(scenario: Scenario) -> Session:
            if reason := site.unsupported(scenario):
                pytest.skip(reason)
            session = Session(site, scenario, role, plan)
            return stack.enter_context(session)

        yield start
