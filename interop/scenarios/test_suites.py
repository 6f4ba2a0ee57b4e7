"""Algorithms: suites of IKE with each key exchange, and suites of ESP."""

import pytest

from scenarios.traffic import both_ways

IKE_SUITES = {
    "AES-GCM x25519": "ENCR_AES_GCM_16:256 PRF_HMAC_SHA2_384 Curve25519",
    "AES-GCM ECP-256": "ENCR_AES_GCM_16:128 PRF_HMAC_SHA2_256 256-bit_random_ECP",
    "AES-GCM MODP-3072": "ENCR_AES_GCM_16:256 PRF_HMAC_SHA2_512 3072-bit_MODP",
    "AES-CBC SHA2-256 MODP-2048": "ENCR_AES_CBC:128 AUTH_HMAC_SHA2_256_128 PRF_HMAC_SHA2_256 2048-bit_MODP",
    "AES-CBC SHA2-384 ECP-384": "ENCR_AES_CBC:256 AUTH_HMAC_SHA2_384_192 PRF_HMAC_SHA2_384 384-bit_random_ECP",
    "AES-CBC SHA2-512 x25519": "ENCR_AES_CBC:256 AUTH_HMAC_SHA2_512_256 PRF_HMAC_SHA2_512 Curve25519",
    "ChaCha20 x25519": "ENCR_CHACHA20_POLY1305 PRF_HMAC_SHA2_256 Curve25519",
    "ChaCha20 ECP-384": "ENCR_CHACHA20_POLY1305 PRF_HMAC_SHA2_384 384-bit_random_ECP",
}
ESP_SUITES = {
    "AES-GCM-16 128": "ENCR_AES_GCM_16:128",
    "AES-GCM-16 192": "ENCR_AES_GCM_16:192",
    "AES-GCM-16 256": "ENCR_AES_GCM_16:256",
    "AES-CBC 128 SHA2-256": "ENCR_AES_CBC:128 AUTH_HMAC_SHA2_256_128",
    "AES-CBC 256 SHA2-512": "ENCR_AES_CBC:256 AUTH_HMAC_SHA2_512_256",
    "ChaCha20": "ENCR_CHACHA20_POLY1305",
    "NULL SHA2-256": "ENCR_NULL AUTH_HMAC_SHA2_256_128",
    "AES-CCM-16 128": "ENCR_AES_CCM_16:128",
    "AES-CTR 128 SHA2-256": "ENCR_AES_CTR:128 AUTH_HMAC_SHA2_256_128",
}
SHORT = {"AES-CBC SHA2-256 MODP-2048", "ChaCha20"}


def _each(suites: dict[str, str]) -> list:
    return [pytest.param(offer, id=name, marks=[pytest.mark.short] if name in SHORT else []) for name, offer in suites.items()]


@pytest.mark.parametrize("suite", _each(IKE_SUITES))
def test_ike(started, plan, suite: str) -> None:
    session = started(plan.scenario(ike=suite))
    session.up()
    both_ways(session)


@pytest.mark.parametrize("suite", _each(ESP_SUITES))
def test_esp(started, plan, suite: str) -> None:
    session = started(plan.scenario(child=suite))
    session.up()
    both_ways(session)
