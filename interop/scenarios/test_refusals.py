"""What must not come to be: wrong keys, identities, proposals, selectors, certificates. Nothing is left, and both are told why."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from peers.peer import PeerError
from peers.scenario import Authentication, Scenario, proposal

from scenarios.credentials import Authority, pair
from scenarios.plans import Plan, changed, children_changed
from scenarios.traffic import both_ways


@dataclass(frozen=True)
class Case:
    """The node whose configuration is wrong is the responder's; `notify` is what the initiator must be told."""

    scenario: Scenario
    notify: str


def _first(role: str) -> str:
    return "b" if role == "initiates" else "a"


def _key(plan: Plan, first: str, folder: Path) -> Case:
    other = Authentication("psk", secret="another secret of the laboratory")
    return Case(changed(plan.scenario(), first, authentication=other), "AUTHENTICATION_FAILED")


def _identity(plan: Plan, first: str, folder: Path) -> Case:
    second = "a" if first == "b" else "b"
    scenario = changed(plan.scenario(), second, expected_identity="somebody.mpsec.test")
    return Case(scenario, "AUTHENTICATION_FAILED")


def _ike_proposal(plan: Plan, first: str, folder: Path) -> Case:
    offer = proposal("ENCR_AES_CBC:256 AUTH_HMAC_SHA2_512_256 PRF_HMAC_SHA2_512 Curve25519")
    return Case(changed(plan.scenario(), first, ike_proposals=(offer,)), "NO_PROPOSAL_CHOSEN")


def _child_proposal(plan: Plan, first: str, folder: Path) -> Case:
    offer = (proposal("ENCR_AES_CBC:256 AUTH_HMAC_SHA2_512_256"),)
    return Case(children_changed(plan.scenario(), first, proposals=offer), "NO_PROPOSAL_CHOSEN")


def _selectors(plan: Plan, first: str, folder: Path) -> Case:
    return Case(children_changed(plan.scenario(), first, local=("10.77.0.0/24",)), "TS_UNACCEPTABLE")


def _expired(plan: Plan, first: str, folder: Path) -> Case:
    authority = Authority(folder / "ca")
    proofs = [authority.end(f"{node}.mpsec.test", "ecdsa-256", folder, expired=node == first) for node in "ab"]
    return _certificates(plan, (proofs[0], proofs[1]), authority)


def _other_authority(plan: Plan, first: str, folder: Path) -> Case:
    trusted, unknown = Authority(folder / "trusted"), Authority(folder / "unknown")
    proofs = [(unknown if node == first else trusted).end(f"{node}.mpsec.test", "ecdsa-256", folder) for node in "ab"]
    return _certificates(plan, (proofs[0], proofs[1]), trusted)


def _revoked(plan: Plan, first: str, folder: Path) -> Case:
    authority = Authority(folder / "ca")
    proofs = pair(authority, "ecdsa-256", folder)
    revoked = proofs["ab".index(first)].certificate
    assert revoked is not None
    case = _certificates(plan, proofs, authority)
    ends = [replace(end, revocations=(authority.revocation_list(folder / "list.pem", revoked),)) for end in case.scenario.ends]
    return replace(case, scenario=replace(case.scenario, ends=(ends[0], ends[1])))


def _certificates(plan: Plan, proofs: tuple[Authentication, Authentication], trusted: Authority) -> Case:
    scenario = plan.scenario(authentication=proofs, trusted=(trusted.certificate,))
    return Case(scenario, "AUTHENTICATION_FAILED")


CASES = {
    "key": _key,
    "identity": _identity,
    "IKE proposal": _ike_proposal,
    "child proposal": _child_proposal,
    "selectors": _selectors,
    "expired certificate": _expired,
    "other authority": _other_authority,
    "revoked certificate": _revoked,
}


@pytest.mark.parametrize("wrong", CASES)
def test_refused(started, plan: Plan, role: str, wrong: str, tmp_path: Path) -> None:
    """The initiator is what is wrong, or what the responder cannot accept."""
    case = CASES[wrong](plan, _first(role), tmp_path)
    session = started(case.scenario)
    with pytest.raises(PeerError):
        session.first.initiate("net")
    session.until(lambda: case.notify in session.first.log(), f"the initiator is told {case.notify}", 10)
    session.until(lambda: not _children(session), "no end has a child")


def _children(session) -> list:
    return [child for peer in (session.first, session.second) for child in peer.status().children]


def test_good_after_bad(started, plan: Plan, role: str, site) -> None:
    """A refused peer does not stand in the way of itself: with the right key it gets in."""
    case = _key(plan, _first(role), Path())
    session = started(case.scenario)
    with pytest.raises(PeerError):
        session.first.initiate("net")
    first = _first(role)
    good = plan.scenario()
    session.scenario = good
    session.first.stop()
    session.first.configure(site.node(first), good.end(first), good.other(first), good)
    session.first.start()
    session.up()
    both_ways(session)
