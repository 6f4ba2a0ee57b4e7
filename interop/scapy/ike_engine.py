"""IKEv2 from Python: messages built from nothing, keys, SK and SKF payloads, and two engines in a time of their own."""

import hashlib
import hmac

import pytest
from scapy.contrib import ikev2

import mpsec

A, B = ("192.0.2.1", 500), ("192.0.2.2", 500)
SECOND = 10**9
INIT = {"Initiator's SPI": 0x0123456789ABCDEF, "Exchange Type": 34, "Initiator": 1}


def peer(own: str, other: str, local: str, remote: str, **more: object) -> dict:
    """The configuration of a newcomer."""
    child = {"name": "net", "local": [local], "remote": [remote]}
    child["proposals"] = [{"encryption": [("AES_GCM_16", 128)]}]
    ike = {"encryption": [("AES_GCM_16", 128)], "prf": ["HMAC_SHA2_256"], "key_exchange": ["x25519"]}
    return {"local_id": own, "remote_id": other, "key": b"known", "ike": [ike], "children": [child]} | more


class Pair:
    """Two engines, and what travels between them."""

    def __init__(self, a: dict | None = None, b: dict | None = None, **engine: object) -> None:
        self.now = 0
        self.sent: list[bytes] = []
        self.sad: dict[str, list] = {"a": [], "b": []}
        self.a = mpsec.IkeEngine([peer("a.example", "b.example", "10.1.0.0/16", "10.2.0.0/16") | (a or {})], **engine)
        self.b = mpsec.IkeEngine([peer("b.example", "a.example", "10.2.0.0/16", "10.1.0.0/16") | (b or {})], seed=2)

    def deliver(self, who: str, actions: dict) -> None:
        """Everything on its way, and what that causes."""
        wire = [(who, actions)]
        while wire:
            sender, done = wire.pop(0)
            self.sad[sender] += done["sad"]
            for local, remote, octets in done["datagrams"]:
                self.sent.append(octets)
                other = "b" if sender == "a" else "a"
                wire.append((other, getattr(self, other).receive(remote, local, octets, self.now)))


def test_two_engines_shake_hands_and_their_sas_carry_packets() -> None:
    pair = Pair()
    pair.deliver("a", pair.a.initiate("peer", A, B))
    assert [one["state"] for one in pair.a.status + pair.b.status] == ["established"] * 2
    installed = {change["change"]: change["sa"] for change in pair.sad["a"]}
    theirs = {change["change"]: change["sa"] for change in pair.sad["b"]}
    clear = bytes.fromhex("450000140000000040006bc6") + bytes([10, 1, 0, 1, 10, 2, 0, 1])
    packet = mpsec.decode(clear)
    packet.complete()
    sealed = mpsec.OutboundSa(**installed["install outbound"]).protect(packet.encode())
    cause, opened, number = mpsec.InboundSa(**theirs["install inbound"]).receive(sealed)
    assert (cause, number) == ("none", 1)
    assert opened[12:] == clear[12:]


def _joined(end: mpsec.ClusterEnd | None, changes: list[dict]) -> mpsec.ClusterEnd:
    """What the engine says of its sub-SAs, done; the first of them founds the cluster. A child names a sub-SA."""
    for change in changes:
        if end is None:
            end = mpsec.ClusterEnd(**change["cluster"]["parameters"], scheduler="round-robin burst=1")
        if change["change"] == "install inbound":
            end.join_inbound(change["child"], **change["sa"])
        if change["change"] == "install outbound":
            end.join_outbound(change["child"], **change["sa"])
    assert end is not None
    return end


def test_two_paths_negotiate_one_cluster() -> None:
    net = {"local": ["10.1.0.0/16"], "remote": ["10.2.0.0/16"], "proposals": [{"encryption": [("AES_GCM_16", 128)]}]}
    wish = {"window": 256, "duplication": True}
    there = net | {"local": net["remote"], "remote": net["local"], "cluster": wish | {"window": 1024}}
    pair = Pair(a={"children": [net | {"cluster": wish}]}, b={"children": [there]})
    pair.deliver("a", pair.a.initiate("peer", A, B))
    pair.deliver("a", pair.a.initiate("peer", ("192.0.2.129", 500), ("192.0.2.130", 500)))
    clusters = [change["cluster"] for change in pair.sad["a"]]
    assert len({cluster["id"] for cluster in clusters}) == 1
    assert [cluster["founds"] for cluster in clusters] == [True, True, False, False]
    assert {cluster["parameters"]["peer_window"] for cluster in clusters} == {1024}
    assert {child["cluster"] for sa in pair.a.status + pair.b.status for child in sa["children"]} == {clusters[0]["id"]}
    a, b = _joined(None, pair.sad["a"]), _joined(None, pair.sad["b"])
    clear = bytes.fromhex("4500001400000000400066e3") + bytes([10, 1, 0, 1, 10, 2, 0, 1])
    sent = [a.send(clear) for _ in range(10)]
    assert [one["number"] for one in sent] == list(range(1, 11))
    assert len({spi for one in sent for spi, _ in one["datagrams"]}) == 2
    for one in sent:
        assert [number for number, _ in b.receive(one["datagrams"][0][1])["deliveries"]] == [one["number"]]


def test_commands_go_through_both_ends() -> None:
    pair = Pair()
    pair.deliver("a", pair.a.initiate("peer", A, B))
    (sa,) = pair.a.status
    pair.deliver("a", pair.a.rekey_child(sa["children"][0]["id"]))
    pair.deliver("a", pair.a.rekey_ike(sa["id"]))
    assert pair.a.status[-1]["initiator_spi"] != sa["initiator_spi"]
    pair.deliver("a", pair.a.close(pair.a.status[-1]["id"]))
    assert all(one["state"] != "established" for one in pair.a.status)
    with pytest.raises(mpsec.Error, match="99"):
        pair.a.close(99)


def test_time_is_the_callers() -> None:
    pair = Pair(tries=2)
    first = pair.a.initiate("peer", A, B)["datagrams"]
    assert pair.a.next_deadline == SECOND
    again = pair.a.on_time(pair.a.next_deadline)["datagrams"]
    assert again == first
    while pair.a.next_deadline is not None:
        last = pair.a.on_time(pair.a.next_deadline)
    assert not pair.a.status
    assert any(kind == "state" for kind, _ in last["events"])


def test_a_tap_sees_and_bends_messages() -> None:
    seen: list[int] = []

    def outgoing(message: "mpsec.IkeMessage") -> None:
        seen.append(message.header["Exchange Type"])
        if seen[-1] == 35:
            names = [name for name, _ in message.payloads]
            message.set(names.index("AUTH"), "Authentication Data", bytes(32))

    pair = Pair(outgoing=outgoing)
    pair.deliver("a", pair.a.initiate("peer", A, B))
    assert 34 in seen
    assert 35 in seen
    assert not [change for change in pair.sad["b"] if change["change"] == "install outbound"]


@pytest.mark.parametrize(
    "wrong,exception,text",
    [
        ({"colour": "green"}, KeyError, r"peers\[0\]/colour"),
        ({"children": [{"colour": 1}]}, KeyError, r"peers\[0\]/children\[0\]/colour"),
        ({"ike": [{"encryption": ["ROT13"]}]}, mpsec.Error, "ROT13"),
        ({"fragment_beyond": 3}, mpsec.Error, "576"),
        ({"window": "wide"}, TypeError, "window"),
        ({"children": [{"mode": "beet"}]}, ValueError, "beet"),
    ],
)
def test_a_configuration_is_refused(wrong: dict, exception: type[Exception], text: str) -> None:
    with pytest.raises(exception, match=text):
        Pair(a=wrong)


def test_a_message_is_built_from_nothing_as_scapy_reads_it() -> None:
    transform = {"Transform Type": 1, "Transform ID": 20}
    transform["Attribute"] = [{"Attribute Type": 14, "Attribute Value": 128}]
    proposal = {"Proposal Num": 1, "Protocol ID": 1}
    proposal["Transform"] = [transform, {"Transform Type": 2, "Transform ID": 5}, {"Transform Type": 4, "Transform ID": 31}]
    message = mpsec.IkeMessage(
        INIT,
        [
            ("SA", {"Proposal": [proposal, proposal | {"Proposal Num": 2}]}),
            ("KE", {"Key Exchange Method": 31, "Key Exchange Data": bytes(32)}),
            ("Nonce", {"Nonce Data": bytes(range(32))}),
        ],
    )
    message.complete()
    assert mpsec.decode_ike(message.encode()) == message
    rebuilt = mpsec.IkeMessage(message.header, message.payloads)
    assert rebuilt == message
    theirs = ikev2.IKEv2(message.encode())
    assert theirs.init_SPI == bytes.fromhex("0123456789abcdef")
    assert theirs[ikev2.IKEv2_payload_SA].prop.trans_nb == 3
    assert theirs[ikev2.IKEv2_payload_KE].group == 31
    assert bytes(theirs[ikev2.IKEv2_payload_Nonce].load) == bytes(range(32))


def test_payloads_come_and_go() -> None:
    message = mpsec.IkeMessage(INIT)
    message.append("Notify", {"Notify Message Type": 16388, "Notification Data": bytes(20), "Critical": 1})
    message.insert(0, "Nonce", {"Nonce Data": bytes(16)})
    message.append(200, {"Octets": b"unknown"})
    message.replace(1, "Vendor ID")
    message.remove(0)
    message.complete()
    assert len(message.payloads) == 2
    assert mpsec.decode_ike(message.encode()) == message
    for wrong, exception in (("Colour", KeyError), (256, Exception)):
        with pytest.raises(exception):
            message.append(wrong)
    with pytest.raises(KeyError, match="Nonce/Colour"):
        message.append("Nonce", {"Colour": 1})
    with pytest.raises(ValueError, match="8 bits"):
        mpsec.IkeMessage({"Exchange Type": 256})
    with pytest.raises(IndexError):
        message.remove(7)


def test_keys_are_those_of_the_formulas() -> None:
    ni, nr, shared, spis = bytes(range(16)), bytes(range(16, 48)), b"\x07" * 32, (1, 2)

    def prf(key: bytes, text: bytes) -> bytes:
        return hmac.new(key, text, hashlib.sha256).digest()

    seed = mpsec.skeyseed("HMAC_SHA2_256", ni, nr, shared)
    assert seed == prf(ni + nr, shared)
    keys = mpsec.ike_keys("HMAC_SHA2_256", seed, ni, nr, *spis, "AES_CBC", 256, "HMAC_SHA2_256_128")
    salt = ni + nr + spis[0].to_bytes(8, "big") + spis[1].to_bytes(8, "big")
    assert keys["SK_d"] == prf(seed, salt + b"\x01")
    assert [len(keys[name]) for name in ("SK_ai", "SK_ei", "SK_pr")] == [32, 32, 32]
    assert mpsec.keymat("HMAC_SHA2_256", keys["SK_d"], ni, nr, 32) == prf(keys["SK_d"], ni + nr + b"\x01")
    with_secrecy = mpsec.keymat("HMAC_SHA2_256", keys["SK_d"], ni, nr, 32, shared)
    assert with_secrecy == prf(keys["SK_d"], shared + ni + nr + b"\x01")
    again = mpsec.skeyseed("HMAC_SHA2_256", ni, nr, shared, old_sk_d=keys["SK_d"])
    assert again == prf(keys["SK_d"], shared + ni + nr)
    ours, theirs = mpsec.KeyExchange("x25519", b"\x01" * 32), mpsec.KeyExchange("x25519", b"\x02" * 32)
    assert ours.shared_secret(theirs.public_value) == theirs.shared_secret(ours.public_value)
    with pytest.raises(mpsec.Error, match="32"):
        ours.shared_secret(b"short")
    with pytest.raises(mpsec.Error, match="ROT13"):
        mpsec.prf("ROT13", b"", b"")


@pytest.mark.parametrize(
    "keys",
    [
        {"encryption": "AES_GCM_16", "sk_e": bytes(20)},
        {"encryption": "AES_CBC", "sk_e": bytes(32), "integrity": "HMAC_SHA1_96", "sk_a": bytes(20)},
        {"encryption": "CHACHA20_POLY1305", "sk_e": bytes(36)},
    ],
)
def test_what_is_sealed_opens_and_nothing_else_does(keys: dict) -> None:
    message = mpsec.IkeMessage(INIT | {"Exchange Type": 37, "Message ID": 7}, [("Notify", {"Notify Message Type": 16384})])
    message.append("Notify", {"Notify Message Type": 16388, "Notification Data": bytes(1500)})
    message.complete()
    sealer, opener = mpsec.IkeSealer(**keys), mpsec.IkeOpener(**keys)
    sealed = sealer.seal(message)
    opened = opener.open(sealed)
    assert opened.payloads == message.payloads
    assert opened.header["Message ID"] == 7
    damaged = bytearray(sealed)
    damaged[-1] ^= 1
    with pytest.raises(mpsec.Error, match="integrity"):
        opener.open(bytes(damaged))
    fragments = sealer.seal_fragments(message, 576)
    assert len(fragments) > 2
    results = [opener.open(one) for one in reversed(fragments)]
    assert results[:-1] == [None] * (len(fragments) - 1)
    assert results[-1].payloads == message.payloads
    with pytest.raises(mpsec.Error, match="expected an SK"):
        opener.open(message.encode())
