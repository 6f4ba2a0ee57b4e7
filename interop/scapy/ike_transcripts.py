"""The transcripts of vectors/transcripts/ike, by others: Python's cryptography opens every protected message with
the keys that stand beside it, Scapy's contrib.ikev2 and tshark dissect what is inside as mpsec does."""

import hmac
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from ike_compare import compare
from scapy.contrib import ikev2
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

import mpsec

FOLDER = Path(__file__).resolve().parents[2] / "vectors/transcripts/ike"
TITLES = sorted(path.stem for path in FOLDER.glob("*.json"))
SK, SKF = 46, 53
# Scapy 2.5 stops at a payload type that it does not know
STOPS_SCAPY = {"unknown_critical"}


@dataclass
class Sent:
    """One datagram: what it carries in clear, and what is inside where it is protected and whole."""

    title: str
    row: dict
    octets: bytes
    first: int = 0
    inside: bytes | None = None
    parts: list["Sent"] = field(default_factory=list)

    def message(self) -> bytes:
        """As if it had never been protected."""
        if self.inside is None:
            return self.octets
        whole = self.octets[:16] + bytes([self.first]) + self.octets[17:24]
        return whole + (28 + len(self.inside)).to_bytes(4, "big") + self.inside

    def __str__(self) -> str:
        return f"{self.title}, message {self.row['number']}"


@cache
def _transcript(title: str) -> dict:
    return json.loads((FOLDER / f"{title}.json").read_text())


@cache
def _sent(title: str) -> tuple[Sent, ...]:
    """Every datagram; of a message in fragments the last one holds what is inside all of them."""
    found: list[Sent] = []
    parts: list[Sent] = []
    for row in _transcript(title)["messages"]:
        octets = bytes.fromhex(row["datagram"])
        sent = Sent(title, row, octets[4:] if octets[:4] == bytes(4) else octets)
        found.append(sent)
        if sent.octets[16] not in (SK, SKF):
            continue
        parts = [*parts, sent] if sent.octets[16] == SKF and "fragment" in row else [sent]
        if "fragment" in row and not row["fragment"].startswith(row["fragment"].split()[-1] + " "):
            continue
        sent.parts, parts = parts, []
        sent.first = sent.parts[0].octets[28]
        sent.inside = bytes.fromhex(row["inside"])
    return tuple(found)


def _keys(sent: Sent) -> dict:
    spis = sent.octets[:16].hex()
    return next(keys for keys in _transcript(sent.title)["secrets"]["ike_sas"]
                if keys["initiator_spi"] + keys["responder_spi"] == spis)  # fmt: skip


def _opened(sent: Sent) -> bytes:
    """What one SK or SKF payload holds, by Python's cryptography; raises where its ICV is wrong."""
    keys, octets = _keys(sent), sent.octets
    way = "i" if octets[19] & 0x08 else "r"
    encryption, integrity = bytes.fromhex(keys[f"SK_e{way}"]), bytes.fromhex(keys[f"SK_a{way}"])
    start = 36 if octets[16] == SKF else 32
    if keys["suite"].startswith("ENCR_AES_GCM_16"):
        nonce = encryption[-4:] + octets[start : start + 8]
        clear = AESGCM(encryption[:-4]).decrypt(nonce, octets[start + 8 :], octets[:start])
    else:
        assert "ENCR_AES_CBC" in keys["suite"] and "HMAC_SHA2_512_256" in keys["suite"]
        assert hmac.digest(integrity, octets[:-32], "sha512")[:32] == octets[-32:]
        cipher = Cipher(algorithms.AES(encryption), modes.CBC(octets[start : start + 16])).decryptor()
        clear = cipher.update(octets[start + 16 : -32]) + cipher.finalize()
    return clear[: len(clear) - 1 - clear[-1]]


def test_there_are_transcripts() -> None:
    assert len(TITLES) >= 25


@pytest.mark.parametrize("title", TITLES)
def test_cryptography_opens_what_is_protected(title: str) -> None:
    for sent in _sent(title):
        if sent.inside is not None:
            assert b"".join(_opened(part) for part in sent.parts) == sent.inside, str(sent)


def test_cryptography_finds_a_flipped_bit() -> None:
    """So that the test above can fail."""
    sent = next(sent for sent in _sent("psk_x25519") if sent.inside is not None)
    octets = bytearray(sent.octets)
    octets[-20] ^= 1
    with pytest.raises(InvalidTag):
        _opened(Sent(sent.title, sent.row, bytes(octets)))


@pytest.mark.parametrize("title", TITLES)
def test_every_datagram_is_accounted_for(title: str) -> None:
    """Of a protected message that we could not look into there are only the fragments before the last."""
    for sent in _sent(title):
        unread = sent.octets[16] in (SK, SKF) and sent.inside is None
        assert not unread or sent.row["fragment"], str(sent)


@pytest.mark.parametrize("title", [title for title in TITLES if title not in STOPS_SCAPY])
def test_scapy_reads_every_message_as_mpsec_does(title: str) -> None:
    for sent in _sent(title):
        if sent.octets[17] >> 4 != 2 or (sent.octets[16] == SKF and sent.inside is None):
            continue
        octets = sent.message()
        ours, theirs = mpsec.decode_ike(octets), ikev2.IKEv2(octets)
        header = ours.header
        assert (theirs.exch_type, theirs.id, theirs.length) == tuple(
            header[field] for field in ("Exchange Type", "Message ID", "Length")
        ), str(sent)
        next_payload, layer, at = theirs.next_payload, theirs.payload, 28
        for name, fields in ours.payloads:
            assert mpsec.ike_names["payload type"][next_payload] == name, str(sent)
            assert layer.length == fields["Payload Length"], str(sent)
            compare(name, fields, layer)
            at += layer.length
            next_payload, layer = layer.next_payload, layer.payload
            if name == "Notify" and fields["SPI Size"]:  # Scapy loses its place there: the rest by itself
                rest = octets[:16] + bytes([next_payload]) + octets[17:24] + (len(octets) - at + 28).to_bytes(4, "big")
                layer = ikev2.IKEv2(rest + octets[at:]).payload


# tshark

WIRESHARK_ENCRYPTION = {
    "ENCR_AES_GCM_16-128": "AES-GCM-128 with 16 octet ICV [RFC5282]",
    "ENCR_AES_CBC-256": "AES-CBC-256 [RFC3602]",
}
WIRESHARK_INTEGRITY = {"": "NONE [RFC4306]", "AUTH_HMAC_SHA2_512_256": "HMAC_SHA2_512_256 [RFC4868]"}
FIELDS = ("isakmp.exchangetype", "isakmp.messageid", "isakmp.typepayload", "isakmp.payloadlength", "isakmp.nonce",
          "isakmp.key_exchange.data", "isakmp.notify.msgtype", "_ws.malformed", "_ws.expert.message")  # fmt: skip


def _row(keys: dict) -> str:
    names = keys["suite"].split("/")
    integrity = next((name for name in names if name.startswith("AUTH_")), "")
    fields = [keys["initiator_spi"], keys["responder_spi"], keys["SK_ei"], keys["SK_er"]]
    fields += [f'"{WIRESHARK_ENCRYPTION[names[0]]}"', keys["SK_ai"], keys["SK_ar"]]
    return ",".join([*fields, f'"{WIRESHARK_INTEGRITY[integrity]}"'])


def _tshark(title: str, folder: Path) -> list[dict[str, list[str]]]:
    packets = []
    for row in _transcript(title)["messages"]:
        source, destination = (row[end].rsplit(":", 1) for end in ("source", "destination"))
        udp = UDP(sport=int(source[1]), dport=int(destination[1]))
        packets.append(Ether() / IP(src=source[0], dst=destination[0]) / udp / bytes.fromhex(row["datagram"]))
    wrpcap(str(folder / "ike.pcap"), packets)
    rows = [_row(keys) for keys in _transcript(title)["secrets"]["ike_sas"]]
    (folder / "ikev2_decryption_table").write_text("".join(row + "\n" for row in rows))
    command = ["tshark", "-n", "-r", str(folder / "ike.pcap"), "-T", "fields", "-E", "occurrence=a"]
    command += [word for name in FIELDS for word in ("-e", name)]
    done = subprocess.run(command, capture_output=True, text=True, env={"WIRESHARK_CONFIG_DIR": str(folder), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0 and "ikev2_decryption_table" not in done.stderr, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(packets)
    return [{name: [one for one in text.split(",") if one] for name, text in zip(FIELDS, line.split("\t"), strict=True)}
            for line in lines]  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_tshark_reads_every_message_as_mpsec_does(title: str, tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    for sent, theirs in zip(_sent(title), _tshark(title, tmp_path), strict=True):
        if sent.octets[17] >> 4 != 2:
            continue
        ours = mpsec.decode_ike(sent.message())
        assert [int(one) for one in theirs["isakmp.exchangetype"]][:1] == [ours.header["Exchange Type"]], str(sent)
        assert int(theirs["isakmp.messageid"][0], 16) == ours.header["Message ID"], str(sent)
        assert not theirs["_ws.malformed"], f"{sent}: {theirs['_ws.expert.message']}"
        if sent.parts[1:] or sent.octets[16] == SKF:
            continue  # tshark puts fragments together in a tree of its own
        _compare_with_tshark(sent, ours, theirs)


def _compare_with_tshark(sent: Sent, ours: "mpsec.IkeMessage", theirs: dict[str, list[str]]) -> None:
    types = {name: number for number, name in mpsec.ike_names["payload type"].items()}
    wanted = [(types.get(name) or int(name.split()[-1]), fields["Payload Length"]) for name, fields in ours.payloads]
    if sent.inside is not None:
        wanted.insert(0, (SK, len(sent.octets) - 28))
    found = list(zip(map(int, theirs["isakmp.typepayload"]), map(int, theirs["isakmp.payloadlength"]), strict=True))
    assert [one for one in found if one[0] not in (2, 3)] == wanted, str(sent)  # 2, 3: proposals and transforms
    for name, key, text in (("Nonce", "Nonce Data", "isakmp.nonce"), ("KE", "Key Exchange Data", "isakmp.key_exchange.data")):
        said = [fields[key].hex() for payload, fields in ours.payloads if payload == name]
        assert theirs[text] == said, f"{sent}: {name}"
    said = [fields["Notify Message Type"] for payload, fields in ours.payloads if payload == "Notify"]
    assert [int(one) for one in theirs["isakmp.notify.msgtype"]] == said, str(sent)
