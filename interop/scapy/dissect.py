"""Captures of what mpsec sealed, decrypted by tcpdump -E and by tshark with an esp_sa table.

Each for the algorithms that the installed program knows; which ones those are is found out first, and printed.
"""

import os
import random
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
import report
from plans import ADDRESSES, SEED, Plan, Shape, Suite, mpsec_encryptions, mpsec_integrities, shapes
from scapy.utils import RawPcapWriter

import mpsec

TCPDUMP_CIPHERS = {
    # (IANA's name, octets of key): the name for -E. Any cipher of libcrypto has a name there; tcpdump's manual
    # promises CBC alone.
    ("ENCR_3DES", 24): "3des-cbc",
    ("ENCR_AES_CBC", 16): "aes128-cbc",
    ("ENCR_AES_CBC", 24): "aes192-cbc",
    ("ENCR_AES_CBC", 32): "aes256-cbc",
    ("ENCR_NULL", 0): "none",
    ("ENCR_AES_CTR", 16): "aes-128-ctr",
    ("ENCR_AES_GCM_12", 16): "aes-128-gcm",
    ("ENCR_CHACHA20_POLY1305", 32): "chacha20-poly1305",
}
TCPDUMP_INTEGRITIES = ["AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96", "AUTH_AES_XCBC_96", "AUTH_AES_CMAC_96"]  # of 96 bits

TSHARK_CIPHERS = {
    "ENCR_NULL": "NULL",
    "ENCR_3DES": "TripleDES-CBC [RFC2451]",
    "ENCR_AES_CBC": "AES-CBC [RFC3602]",
    "ENCR_AES_CTR": "AES-CTR [RFC3686]",
    "ENCR_AES_GCM_8": "AES-GCM with 8 octet ICV [RFC4106]",
    "ENCR_AES_GCM_12": "AES-GCM with 12 octet ICV [RFC4106]",
    "ENCR_AES_GCM_16": "AES-GCM with 16 octet ICV [RFC4106]",
    "ENCR_AES_CCM_8": "AES-CCM with 8 octet ICV [RFC4309]",
    "ENCR_AES_CCM_12": "AES-CCM with 12 octet ICV [RFC4309]",
    "ENCR_AES_CCM_16": "AES-CCM with 16 octet ICV [RFC4309]",
    "ENCR_CHACHA20_POLY1305": "ChaCha20 with Poly1305 [RFC7634]",
}
TSHARK_INTEGRITIES = {
    "": "NULL",
    "AUTH_HMAC_MD5_96": "HMAC-MD5-96 [RFC2403]",
    "AUTH_HMAC_SHA1_96": "HMAC-SHA-1-96 [RFC2404]",
    "AUTH_HMAC_SHA2_256_128": "HMAC-SHA-256-128 [RFC4868]",
    "AUTH_HMAC_SHA2_384_192": "HMAC-SHA-384-192 [RFC4868]",
    "AUTH_HMAC_SHA2_512_256": "HMAC-SHA-512-256 [RFC4868]",
    # known by their length only: decrypted, but not checked
    "AUTH_AES_XCBC_96": "ANY 96 bit authentication [no checking]",
    "AUTH_AES_CMAC_96": "ANY 96 bit authentication [no checking]",
}


def _write(path: Path, packets: list[bytes]) -> None:
    """In Ethernet: raw IP tshark takes for PPP where the second and third octet are ff 03."""
    writer = RawPcapWriter(str(path), linktype=1)
    for packet in packets:
        ethertype = {4: "0800", 6: "86dd"}[packet[0] >> 4]
        writer.write(bytes.fromhex("020000000002020000000001" + ethertype) + packet)
    writer.close()


def _run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    everything = {**os.environ, **environment}
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, env=everything)


def _sealed_and_clear(plans: list[Plan], chance: random.Random) -> tuple[list[bytes], list[bytes]]:
    clear = [plan.clear_packet(chance) for plan in plans]
    return [plan.sealed(packet) for plan, packet in zip(plans, clear, strict=True)], clear


def _needs(program: str) -> None:
    if shutil.which(program) is None:
        report.say(f"skipped: {program} is not there")
        pytest.skip(f"{program} is not there")


def _sealed_by_cluster(suites: list[Suite], chance: random.Random) -> tuple[list[Plan], list[bytes], list[bytes]]:
    """Packets of a cluster with one path over IPv4 and one over IPv6: of each its SA, sealed, clear."""
    paths = [Plan(chance, suite, Shape("tunnel", outer, 4)) for suite, outer in zip(suites, (4, 6), strict=True)]
    end = mpsec.ClusterEnd(extended=False, scheduler="round-robin burst=3", seed=SEED)
    for sub_sa, plan in enumerate(paths, 1):
        end.join_outbound(sub_sa, **plan.parameters(), path_mtu=65535)
    by_spi = {plan.spi: plan for plan in paths}
    clear = [paths[0].clear_packet(chance) for _ in range(30)]
    sent = [datagram for packet in clear for datagram in end.send(packet)["datagrams"]]
    return [by_spi[spi] for spi, _ in sent], [sealed for _, sealed in sent], clear


# tcpdump


def test_tcpdump_decrypts(tmp_path: Path) -> None:
    _needs("tcpdump")
    chance = random.Random(f"{SEED} tcpdump")
    known = _ciphers_of_tcpdump(tmp_path, chance)
    report.say(f"tcpdump decrypts: {', '.join(known.values())}, each with an ICV of 96 bits (not checked)")
    absent = [name for name in TCPDUMP_CIPHERS.values() if name not in known.values()]
    report.say(f"tcpdump knows no cipher, or no framing but CBC's, for: {', '.join(absent)}")
    assert {"aes128-cbc", "aes256-cbc"} <= set(known.values())

    suites = [Suite(*cipher, integrity) for cipher, integrity in product(known, TCPDUMP_INTEGRITIES)]
    plans = [Plan(chance, suite, shape) for suite, shape in product(suites, shapes("esp"))]
    sealed, clear = _sealed_and_clear(plans, chance)
    seen = _tcpdump(tmp_path, sealed, [_tcpdump_key(plan, known) for plan in plans])
    for plan, inside, outside, packet in zip(plans, _tcpdump(tmp_path, clear, []), seen, clear, strict=True):
        assert _shows(plan, outside, inside, packet), f"{plan}\n{outside}\n{inside}"
        report.checks["tcpdump showed the same packet inside"] += 1


def test_tcpdump_decrypts_both_paths_of_a_cluster(tmp_path: Path) -> None:
    _needs("tcpdump")
    chance = random.Random(f"{SEED} cluster for tcpdump")
    suites = [Suite("ENCR_AES_CBC", octets, "AUTH_HMAC_SHA1_96") for octets in (16, 32)]
    plans, sealed, clear = _sealed_by_cluster(suites, chance)
    keys = [_tcpdump_key(plan, TCPDUMP_CIPHERS) for plan in dict.fromkeys(plans)]
    seen, inside = _tcpdump(tmp_path, sealed, keys), _tcpdump(tmp_path, clear, [])
    for number, (plan, outside) in enumerate(zip(plans, seen, strict=True), 1):
        assert f"ESP(spi={plan.spi:#010x},seq={number:#x})" in outside
        assert _shows(plan, outside, inside[number - 1], clear[number - 1]), f"{plan}\n{outside}"
        report.checks["tcpdump with the keys of both paths of a cluster showed the same packet inside"] += 1


def _ciphers_of_tcpdump(tmp_path: Path, chance: random.Random) -> dict[tuple[str, int], str]:
    """Those CBC ciphers whose name it finds; what else it may find it does not frame as ESP does."""
    known = {}
    for (cipher, key_octets), name in TCPDUMP_CIPHERS.items():
        integrity = "" if mpsec_encryptions()[cipher]["combined"] else "AUTH_HMAC_SHA1_96"
        plan = Plan(chance, Suite(cipher, key_octets, integrity), Shape("tunnel", 4, 4))
        key = _tcpdump_key(plan, {(cipher, key_octets): name})
        said = _tcpdump_run(tmp_path, [plan.sealed(plan.clear_packet(chance))], [key]).stderr
        if "failed to find cipher" not in said and mpsec_encryptions()[cipher]["block_octets"] > 1:
            known[cipher, key_octets] = name
    return known


def _tcpdump_key(plan: Plan, names: dict[tuple[str, int], str]) -> str:
    name = names[plan.suite.encryption, plan.suite.key_octets]
    return f"{plan.spi:#x}@{ADDRESSES[plan.shape.outer][1]} {name}-hmac96:0x{plan.key.hex()}"


def _tcpdump_run(tmp_path: Path, packets: list[bytes], keys: list[str]) -> subprocess.CompletedProcess[str]:
    capture = tmp_path / "capture.pcap"
    _write(capture, packets)
    return _run("tcpdump", "-nvtr", capture, *(["-E", ",".join(keys)] if keys else []))


def _tcpdump(tmp_path: Path, packets: list[bytes], keys: list[str]) -> list[str]:
    """What it prints, a text for each packet."""
    shown = _tcpdump_run(tmp_path, packets, keys).stdout
    texts = re.split(r"\n(?=IP6? )", shown.strip())
    assert len(texts) == len(packets)
    return texts


def _shows(plan: Plan, outside: str, inside: str, clear: bytes) -> bool:
    if plan.shape.mode == "tunnel":
        return outside.endswith(f": {inside}")
    found = outside.partition("seq=")[2].partition(", length ")[2].partition(": ")[2]
    if _payload(plan, clear)[0] == 60:
        return found.strip().startswith("ip-proto-60")  # it reads no options header inside ESP
    return _upper_layer(plan, found) == _upper_layer(plan, inside)


def _upper_layer(plan: Plan, text: str) -> str:
    """Without the IP header's part: in transport mode there are no addresses behind ESP, nor sums that need them."""
    source, destination = ADDRESSES[plan.shape.outer]
    text = text[max(text.find(source), 0) :].replace(f"{source} > {destination}: ", "")
    text = text.replace(f"{source}.", "").replace(f"{destination}.", "").replace("HBH (padn) ", "")
    return re.sub(r"\[\w+ sum ok\] ", "", text).strip()


# tshark


def test_tshark_decrypts_and_checks(tmp_path: Path) -> None:
    _needs("tshark")
    chance = random.Random(f"{SEED} tshark")
    ciphers, integrities = _known_to_tshark(tmp_path)
    report.say(f"tshark knows: {', '.join([*ciphers, *filter(None, integrities)])}")
    absent = [name for name in mpsec_encryptions() if name not in ciphers]
    absent += [name for name in mpsec_integrities() if name not in integrities]
    report.say(f"tshark does not know: {', '.join(absent)}; nor extended sequence numbers")
    assert {"ENCR_AES_CBC", "ENCR_AES_GCM_16"} <= ciphers.keys()

    plans = [Plan(chance, suite, shape) for suite, shape in product(_suites(ciphers, integrities), _plain_shapes())]
    sealed, clear = _sealed_and_clear(plans, chance)
    rows = _tshark(tmp_path, sealed, [_row(plan, ciphers, integrities) for plan in plans])
    for plan, packet, row in zip(plans, clear, rows, strict=True):
        protocol, octets = _payload(plan, packet)
        checked = not integrities[plan.suite.integrity].startswith("ANY")
        wanted = ["1" if checked else "0", "0", f"{protocol:#04x}", octets.hex()]
        assert row == wanted, f"{plan}\n{row}\n{wanted}"
        report.checks[f"tshark found the same packet inside{', and the ICV good' * checked}"] += 1


def test_tshark_decrypts_both_paths_of_a_cluster(tmp_path: Path) -> None:
    _needs("tshark")
    chance = random.Random(f"{SEED} cluster for tshark")
    suites = [Suite("ENCR_AES_GCM_16", 16, ""), Suite("ENCR_AES_CBC", 32, "AUTH_HMAC_SHA2_256_128")]
    plans, sealed, clear = _sealed_by_cluster(suites, chance)
    rows = [_row(plan, TSHARK_CIPHERS, TSHARK_INTEGRITIES) for plan in dict.fromkeys(plans)]
    assert len(rows) == 2
    for packet, row in zip(clear, _tshark(tmp_path, sealed, rows), strict=True):
        assert row == ["1", "0", "0x04", packet.hex()]
        report.checks["tshark with the keys of both paths of a cluster found the same packet inside"] += 1


def test_tshark_finds_a_flipped_bit(tmp_path: Path) -> None:
    """So that "ICV good" above can be otherwise."""
    _needs("tshark")
    chance = random.Random(f"{SEED} flipped")
    plan = Plan(chance, Suite("ENCR_AES_GCM_16", 16, ""), Shape("tunnel", 4, 4))
    sealed = bytearray(plan.sealed(plan.clear_packet(chance)))
    sealed[-20] ^= 1
    row = _tshark(tmp_path, [bytes(sealed)], [_row(plan, TSHARK_CIPHERS, TSHARK_INTEGRITIES)])[0]
    assert row[:2] == ["0", "1"]


def _plain_shapes() -> list[Shape]:
    return [shape for shape in shapes("esp") if not shape.extended]


def _suites(ciphers: dict[str, str], integrities: dict[str, str]) -> list[Suite]:
    suites = []
    for cipher in ciphers:
        transform = mpsec_encryptions()[cipher]
        own = [""] if transform["combined"] else [name for name in integrities if name]
        suites += [Suite(cipher, octets, name) for octets, name in product(transform["key_sizes"], own)]
    return suites


def _known_to_tshark(tmp_path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """It refuses a table with a name that it does not know, and says which; so those are taken out one by one."""
    ciphers, integrities = dict(TSHARK_CIPHERS), dict(TSHARK_INTEGRITIES)
    empty = tmp_path / "empty.pcap"
    _write(empty, [])
    while True:
        rows = [f'"IPv4","*","*","*","{name}","","NULL",""' for name in ciphers.values()]
        rows += [f'"IPv4","*","*","*","NULL","","{name}",""' for name in integrities.values()]
        options = [word for row in rows for word in ("-o", f"uat:esp_sa:{row}")]
        refused = re.search(r"invalid value: (.*)", _run("tshark", *options, "-r", empty).stderr)
        if not refused:
            return ciphers, integrities
        name = refused[1].strip()
        assert name in [*ciphers.values(), *integrities.values()], refused[0]
        ciphers = {ours: theirs for ours, theirs in ciphers.items() if theirs != name}
        integrities = {ours: theirs for ours, theirs in integrities.items() if theirs != name}


def _row(plan: Plan, ciphers: dict[str, str], integrities: dict[str, str]) -> str:
    suite = plan.suite
    keys = [f"0x{key.hex()}" if key else "" for key in (plan.key, plan.integrity_key)]
    fields = [f"IPv{plan.shape.outer}", "*", ADDRESSES[plan.shape.outer][1], f"{plan.spi:#010x}"]
    fields += [ciphers[suite.encryption], keys[0], integrities[suite.integrity], keys[1]]
    return ",".join(f'"{field}"' for field in fields)


def _tshark(tmp_path: Path, packets: list[bytes], rows: list[str]) -> list[list[str]]:
    """Of each packet: ICV good, ICV bad, next header, the octets inside."""
    capture = tmp_path / "capture.pcap"
    _write(capture, packets)
    (tmp_path / "esp_sa").write_text("\n".join(rows) + "\n")
    switches = ["esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE"]
    fields = ["esp.icv_good", "esp.icv_bad", "esp.protocol", "esp.contained_data"]
    options = [word for switch in switches for word in ("-o", switch)]
    options += [word for field in fields for word in ("-e", field)]
    done = _run("tshark", "-n", "-r", capture, "-T", "fields", *options, WIRESHARK_CONFIG_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def _payload(plan: Plan, clear: bytes) -> tuple[int, bytes]:
    """What ESP carries of the clear packet: all of it, or what follows the headers that routers look at."""
    if plan.shape.mode == "tunnel":
        return {4: 4, 6: 41}[plan.shape.inner], clear
    if clear[0] >> 4 == 4:
        return clear[9], clear[(clear[0] & 15) * 4 :]
    return (clear[40], clear[48:]) if clear[6] == 0 else (clear[6], clear[40:])
