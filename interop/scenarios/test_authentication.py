"""Who the ends are: a shared key, or certificates of each kind."""

import pytest

from scenarios.credentials import Authority, pair
from scenarios.traffic import both_ways


@pytest.mark.short
@pytest.mark.kernel_short
def test_psk(started, plan) -> None:
    session = started(plan.scenario())
    session.up()
    both_ways(session)


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "ecdsa-256", "ecdsa-384", pytest.param("ed25519", marks=pytest.mark.short)])
def test_certificates(started, plan, kind: str, tmp_path) -> None:
    authority = Authority(tmp_path / "ca", kind)
    session = started(plan.scenario(authentication=pair(authority, kind, tmp_path), trusted=(authority.certificate,)))
    session.up()
    both_ways(session)
