#!/usr/bin/env python3
"""Writes the seeds of the IKE engine's fuzz targets into fuzz/corpus, each named by its class of advisories.

The words SPI_INIT, SPI_RESP, SPIa, SPIb and SPIn stand for what only a run knows (fuzz/support/ike_ends.hpp).
"""
import pathlib
import random
import re
import struct

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"

SA, KE, IDI, IDR, CERT, AUTH, NONCE, NOTIFY, DELETE, TSI, TSR, SK, CP, SKF = (
    33, 34, 35, 36, 37, 39, 40, 41, 42, 44, 45, 46, 47, 53)
INIT, IKE_AUTH, CREATE, INFO = 34, 35, 36, 37
INITIATOR, RESPONSE = 0x08, 0x20
NO_SPI = bytes(8)
OURS, PEERS = b"SPI_INIT", b"SPI_RESP"


def u16(number):
    return struct.pack(">H", number)


def u32(number):
    return struct.pack(">I", number)


def chain(payloads):
    """The type of the first payload (type, 0x8000 added: critical; body; length), and all one behind the other."""
    octets = b""
    for index, payload in enumerate(payloads):
        following = payloads[index + 1][0] if index + 1 < len(payloads) else 0
        length = payload[2] if len(payload) > 2 else 4 + len(payload[1])
        octets += bytes([following & 0xff, payload[0] >> 8]) + u16(length) + payload[1]
    return (payloads[0][0] & 0xff if payloads else 0), octets


def message(exchange, flags, number, payloads, spis=(b"initiat0", NO_SPI), version=0x20, length=None):
    first, octets = chain(payloads)
    length = 28 + len(octets) if length is None else length
    return spis[0] + spis[1] + bytes([first, version, exchange, flags]) + u32(number) + u32(length) + octets


def transform(kind, number, key_bits=None, last=False):
    attribute = b"" if key_bits is None else b"\x80\x0e" + u16(key_bits)
    return bytes([0 if last else 3, 0]) + u16(8 + len(attribute)) + bytes([kind, 0]) + u16(number) + attribute


def proposal(protocol, transforms, spi=b"", number=1, last=True):
    body = b"".join(transform(*one, last=one is transforms[-1]) for one in transforms)
    return (bytes([0 if last else 2, 0]) + u16(8 + len(spi) + len(body)) +
            bytes([number, protocol, len(spi), len(transforms)]) + spi + body)


IKE_TRANSFORMS = [(1, 20, 128), (2, 5), (4, 31)]
ESP_TRANSFORMS = [(1, 20, 128), (5, 0)]


def ike_sa(spi=b"", transforms=None):
    return SA, proposal(1, IKE_TRANSFORMS if transforms is None else transforms, spi)


def child_sa(spi, transforms=None, protocol=3):
    return SA, proposal(protocol, ESP_TRANSFORMS if transforms is None else transforms, spi)


def ke(group=31, data=bytes(24) + b"\1\2\3\4\5\6\7\x09"):
    return KE, u16(group) + bytes(2) + data


def notify(kind, data=b"", protocol=0, spi=b""):
    return NOTIFY, bytes([protocol, len(spi)]) + u16(kind) + spi + data


def delete(protocol, size, spis):
    return DELETE, bytes([protocol, size]) + u16(len(spis)) + b"".join(spis)


def selector(start, end, length=16):
    return bytes([7, 0]) + u16(length) + u16(0) + u16(65535) + bytes(start) + bytes(end)


def ts(kind, *selectors):
    return kind, bytes([len(selectors), 0, 0, 0]) + b"".join(selectors)


NET_A, NET_B = selector([10, 1, 0, 0], [10, 1, 255, 255]), selector([10, 2, 0, 0], [10, 2, 255, 255])
ALL = selector([0] * 4, [255] * 4)
NONCE_32 = (NONCE, bytes(range(32)))
SELECTORS = [ts(TSI, NET_A), ts(TSR, NET_B)]
SEALED_BADLY = (SK, bytes(8) + b"\0" * 24)


def init(*payloads, **more):
    return message(INIT, INITIATOR, 0, list(payloads), **more)


good = [ike_sa(), ke(), NONCE_32]
RESPONDER = {"ike_sa_init": b"\0" + init(*good), "ike_sa_init_against_cookies": b"\x80" + init(*good)}
for path in sorted((CORPUS / "ike_message").glob("c*")):
    octets = path.read_bytes()
    exchange = octets[18] if len(octets) > 18 else INIT
    stage = b"\0" if exchange == INIT else b"\2"
    spis = octets[:16] if exchange == INIT else OURS + PEERS
    RESPONDER[path.name] = stage + spis + octets[16:]
half = {"spis": (OURS, PEERS)}
unsealed = {"c6_informational_in_clear": INFO, "c6_ike_auth_in_clear": IKE_AUTH, "c6_create_child_sa_in_clear": CREATE}
for name, exchange in unsealed.items():
    for stage, where in ((b"\1", "half_open"), (b"\2", "established")):
        RESPONDER[f"{name}_{where}"] = stage + message(exchange, INITIATOR, 1, [notify(16384)], **half)
for name, exchange, number in (("ike_auth", IKE_AUTH, 1), ("create_child_sa", CREATE, 2), ("informational", INFO, 2)):
    for stage, where in ((b"\1", "half_open"), (b"\2", "established")):
        RESPONDER[f"c16_{name}_without_icv_{where}"] = stage + message(exchange, INITIATOR, number, [SEALED_BADLY], **half)
    RESPONDER[f"c16_{name}_fragment_without_icv"] = b"\2" + message(
        exchange, INITIATOR, number, [(SKF, u16(1) + u16(2) + bytes(32))], **half)
RESPONDER["c7_informational_before_ike_auth"] = b"\1" + message(INFO, INITIATOR, 1, [SEALED_BADLY], **half)
RESPONDER["c7_informational_of_no_sa"] = b"\0" + message(INFO, INITIATOR, 5, [SEALED_BADLY], spis=(b"12345678", b"87654321"))
RESPONDER["c6_response_of_no_sa"] = b"\2" + message(INFO, INITIATOR | RESPONSE, 0, [notify(4)], spis=(b"12345678", b"87654321"))
RESPONDER["c6_ike_sa_init_with_responder_spi"] = b"\0" + init(*good, spis=(b"initiat0", b"87654321"))
RESPONDER["c6_ike_sa_init_number_1"] = b"\0" + message(INIT, INITIATOR, 1, good)
RESPONDER["c6_ike_sa_init_to_an_established_sa"] = b"\2" + init(*good, spis=(OURS, PEERS))
RESPONDER["c8_ike_sa_init_again_while_half_open"] = b"\1" + init(*good, spis=(OURS, NO_SPI))
RESPONDER["c3_ike_sa_init_without_sa"] = b"\0" + init(ke(), NONCE_32)
RESPONDER["c3_ike_sa_init_without_ke"] = b"\0" + init(ike_sa(), NONCE_32)
RESPONDER["c3_ike_sa_init_without_nonce"] = b"\0" + init(ike_sa(), ke())
RESPONDER["c3_ike_sa_init_nonce_of_15_octets"] = b"\0" + init(ike_sa(), ke(), (NONCE, bytes(15)))
RESPONDER["c3_proposal_without_key_exchange"] = b"\0" + init(ike_sa(transforms=IKE_TRANSFORMS[:2]), ke(), NONCE_32)
RESPONDER["c4_two_of_each_payload"] = b"\0" + init(*(good + good))
RESPONDER["c4_a_hundred_notifies"] = b"\0" + init(*(good + [notify(16400)] * 100))
RESPONDER["c8_unknown_critical_payload"] = b"\0" + init(*(good + [(200 | 0x8000, b"x")]))
RESPONDER["c9_unknown_version_bits_echoed"] = b"\0" + init(*good, version=0x3f)
for name, data in (("0", bytes(32)), ("1", bytes(31) + b"\1"), ("of_31_octets", bytes(31)), ("of_no_octets", b"")):
    RESPONDER["c11_public_value_" + name] = b"\0" + init(ike_sa(), ke(31, data), NONCE_32)
RESPONDER["c11_other_group"] = b"\0" + init(ike_sa(transforms=[(1, 20, 128), (2, 5), (4, 19)]), ke(31), NONCE_32)
RESPONDER["c11_unknown_group"] = b"\0" + init(ike_sa(), ke(1030, bytes(8)), NONCE_32)
RESPONDER["c13_key_length_0"] = b"\0" + init(ike_sa(transforms=[(1, 20, 0), (2, 5), (4, 31)]), ke(), NONCE_32)
RESPONDER["c13_prf_not_implemented"] = b"\0" + init(ike_sa(transforms=[(1, 20, 128), (2, 3), (4, 31)]), ke(), NONCE_32)
RESPONDER["c15_initiator_spi_0"] = b"\0" + init(*good, spis=(NO_SPI, NO_SPI))
RESPONDER["c17_message_id_all_ones"] = b"\2" + message(INFO, INITIATOR, 0xffffffff, [SEALED_BADLY], **half)
RESPONDER["c18_sealed_body_shorter_than_its_icv"] = b"\2" + message(INFO, INITIATOR, 2, [(SK, bytes(9))], **half)
for name, cookie in (("wrong", bytes(17)), ("of_no_octets", b""), ("of_65_octets", bytes(65))):
    RESPONDER["c22_cookie_" + name] = b"\x80" + init(*([notify(16390, cookie)] + good))


spis = {"spis": (OURS, b"respond0")}

def reply(*payloads, exchange=INIT, number=0, **more):
    return message(exchange, RESPONSE, number, list(payloads), **{**spis, **more})

good = [ike_sa(), ke(), NONCE_32]
bad_hashes = notify(16431, u16(5))
INITIATOR_REPLY = {
    "ike_sa_init_response": b"\0" + reply(*good),
    "cookie": b"\0" + reply(notify(16390, bytes(16)), spis=(OURS, NO_SPI)),
    "c22_cookie_of_no_octets": b"\0" + reply(notify(16390), spis=(OURS, NO_SPI)),
    "c11_other_group_that_was_offered": b"\0" + reply(notify(17, u16(19)), spis=(OURS, NO_SPI)),
    "c11_other_group_that_was_not_offered": b"\0" + reply(notify(17, u16(14)), spis=(OURS, NO_SPI)),
    "c1_other_group_of_one_octet": b"\0" + reply(notify(17, b"\0"), spis=(OURS, NO_SPI)),
    "c6_no_proposal_chosen": b"\0" + reply(notify(14), spis=(OURS, NO_SPI)),
    "c6_ike_auth_response_too_early": b"\0" + reply(SEALED_BADLY, exchange=IKE_AUTH, number=1),
    "c6_informational_response_too_early": b"\0" + reply(notify(24), exchange=INFO),
    "c3_response_without_sa": b"\0" + reply(ke(), NONCE_32),
    "c3_response_without_ke": b"\0" + reply(ike_sa(), NONCE_32),
    "c3_response_without_nonce": b"\0" + reply(ike_sa(), ke()),
    "c4_two_of_each_payload": b"\0" + reply(*(good + good)),
    "c4_unknown_critical_payload": b"\0" + reply(*(good + [(200 | 0x8000, b"x")])),
    "c8_hash_algorithms_that_we_lack": b"\0" + reply(*(good + [bad_hashes])),
    "c11_public_value_0": b"\0" + reply(ike_sa(), ke(31, bytes(32)), NONCE_32),
    "c11_public_value_of_another_group": b"\0" + reply(ike_sa(), ke(19, bytes(63) + b"\1"), NONCE_32),
    "c13_chosen_key_length_0": b"\0" + reply(ike_sa(transforms=[(1, 20, 0), (2, 5), (4, 31)]), ke(), NONCE_32),
    "c13_chosen_what_was_not_offered": b"\0" + reply(ike_sa(transforms=[(1, 28), (2, 5), (4, 31)]), ke(), NONCE_32),
    "c15_responder_spi_0": b"\0" + reply(*good, spis=(OURS, NO_SPI)),
}
for name, payload in (("authentication_failed", notify(24)), ("invalid_syntax", notify(7)), ("nothing_sealed", SEALED_BADLY)):
    INITIATOR_REPLY[f"c6_ike_auth_{name}_in_clear"] = b"\1" + reply(payload, exchange=IKE_AUTH, number=1, spis=(OURS, PEERS))
INITIATOR_REPLY["c16_fragment_without_icv"] = b"\1" + reply(
    (SKF, u16(1) + u16(1) + bytes(32)), exchange=IKE_AUTH, number=1, spis=(OURS, PEERS))
INITIATOR_REPLY["c6_ike_sa_init_response_again"] = b"\1" + reply(*good, spis=(OURS, PEERS))
INITIATOR_REPLY["c6_request_while_waiting"] = b"\1" + message(INFO, 0, 0, [SEALED_BADLY], spis=(OURS, PEERS))


TO_B, TO_A = 0, 1
STRANGER = 2  # added: IKE_AUTH is still to come
LIVENESS, NEW_CHILD, REKEY_CHILD, REKEY_IKE, DELETE_CHILD, CLOSE = range(1, 7)


def request(exchange, *payloads, number=2, to=TO_B, first=0, second=0, times=0, between=0):
    around = bytes([to, first, second, times, between, 0, 0, 0])
    flags = INITIATOR if to % 2 == TO_B else 0
    return message(exchange, flags, number, list(payloads), spis=(around, NO_SPI))

def response(exchange, *payloads, number=0, to=TO_B, first=0, second=0):
    around = bytes([to, first, second, 0, 0, 0, 0, 0])
    flags = RESPONSE | (INITIATOR if to % 2 == TO_B else 0)
    return message(exchange, flags, number, list(payloads), spis=(around, NO_SPI))

rekey = notify(16393, protocol=3, spi=b"SPIa")
child = [child_sa(b"SPIn"), NONCE_32] + SELECTORS
new_ike = [ike_sa(b"SPInSPIn"), NONCE_32, ke()]
AUTHENTICATED = {
    "liveness": request(INFO), "new_child": request(CREATE, *child), "rekey_child": request(CREATE, rekey, *child),
    "rekey_ike": request(CREATE, *new_ike), "delete_child": request(INFO, delete(3, 4, [b"SPIa"])),
    "delete_ike": request(INFO, delete(1, 0, [])),
    "new_child_with_key_exchange": request(CREATE, child_sa(b"SPIn", ESP_TRANSFORMS + [(4, 31)]), NONCE_32, ke(), *SELECTORS),
    "child_answer": response(CREATE, *child, first=NEW_CHILD), "rekey_answer": response(CREATE, *child, first=REKEY_CHILD),
    "rekey_ike_answer": response(CREATE, *new_ike, first=REKEY_IKE),
    "temporary_failure": response(CREATE, notify(43), first=REKEY_CHILD),
    "c1_selector_length_8": request(CREATE, child_sa(b"SPIn"), NONCE_32, ts(TSI, selector([10, 1, 0, 0], [10, 1, 0, 9], 8)), SELECTORS[1]),
    "c1_inner_payload_length_0": request(INFO, notify(16384), (DELETE, b"\3\4\0\1SPIa", 0)),
    "c1_inner_payload_length_past_the_end": request(INFO, (DELETE, b"\3\4\0\1SPIa", 65535)),
    "c1_delete_of_more_spis_than_there_are": request(INFO, (DELETE, b"\3\4\xff\xffSPIa")),
    "c1_rekey_with_an_spi_of_8_octets": request(CREATE, notify(16393, protocol=3, spi=b"SPIaSPIb"), *child),
    "c1_window_of_no_octets": request(INFO, notify(16385)), "c1_window_0": request(INFO, notify(16385, u32(0))),
    "c2_selector_length_0": request(CREATE, child_sa(b"SPIn"), NONCE_32, ts(TSI, selector([10, 1, 0, 0], [10, 1, 0, 9], 0)), SELECTORS[1]),
    "c2_configuration_attributes_of_no_value": request(INFO, (CP, b"\1\0\0\0" + b"\0\1\0\0" * 50)),
    "c3_new_child_without_sa": request(CREATE, NONCE_32, *SELECTORS), "c3_new_child_without_nonce": request(CREATE, child[0], *SELECTORS),
    "c3_new_child_without_selectors": request(CREATE, *child[:2]), "c3_rekey_ike_without_ke": request(CREATE, *new_ike[:2]),
    "c3_rekey_child_answer_without_sa": response(CREATE, NONCE_32, first=REKEY_CHILD),
    "c3_rekey_ike_answer_without_nonce": response(CREATE, new_ike[0], new_ike[2], first=REKEY_IKE),
    "c3_nothing_at_all": request(CREATE),
    "c4_256_vendor_ids": request(INFO, *[(43, b"")] * 256), "c4_unknown_critical_payload": request(INFO, (200 | 0x8000, b"x")),
    "c4_unknown_critical_payload_in_an_answer": response(INFO, (200 | 0x8000, b"x"), first=LIVENESS),
    "c4_the_same_spi_deleted_a_hundred_times": request(INFO, delete(3, 4, [b"SPIa"] * 100)),
    "c6_ike_sa_init_under_protection": request(INIT, *new_ike), "c6_ike_auth_again": request(IKE_AUTH, (IDI, b"\2\0\0\0a.example"), *child),
    "c6_unknown_exchange": request(99), "c6_answer_to_nothing": response(INFO),
    "c6_answer_of_another_exchange": response(INFO, first=REKEY_CHILD), "c6_answer_of_another_exchange_to_liveness": response(CREATE, *child, first=LIVENESS),
    "c6_rekey_ike_while_closing": request(CREATE, *new_ike, first=CLOSE), "c6_rekey_child_while_closing": request(CREATE, rekey, *child, first=CLOSE),
    "c6_rekey_child_while_deleting": request(CREATE, rekey, *child, first=DELETE_CHILD),
    "c6_rekey_child_while_rekeying_ike": request(CREATE, rekey, *child, first=REKEY_IKE),
    "c6_delete_ike_while_rekeying_it": request(INFO, delete(1, 0, []), first=REKEY_IKE),
    "c8_delete_of_ike_then_of_child": request(INFO, delete(1, 0, []), delete(3, 4, [b"SPIa"])),
    "c8_delete_then_more": request(INFO, delete(3, 4, [b"SPIa"]), notify(16393, protocol=3, spi=b"SPIa"), delete(3, 4, [b"SPIa"])),
    "c8_unreadable_answer": response(CREATE, (SA, b"\0\0\0\1"), first=REKEY_CHILD),
    "c8_invalid_syntax_answered": response(CREATE, notify(7), first=NEW_CHILD),
    "c8_child_sa_not_found": response(CREATE, notify(44, protocol=3, spi=b"SPIb"), first=REKEY_CHILD),
    "c11_rekey_ike_public_value_0": request(CREATE, new_ike[0], NONCE_32, ke(31, bytes(32))),
    "c11_other_group_answered_again": response(CREATE, notify(17, u16(19)), first=REKEY_IKE),
    "c11_rekey_ike_answer_public_value_0": response(CREATE, new_ike[0], NONCE_32, ke(31, bytes(32)), first=REKEY_IKE),
    "c12_ike_auth_with_empty_auth": request(IKE_AUTH, (IDI, b"\2\0\0\0a.example"), (AUTH, b"\2\0\0\0"), *child),
    "c13_child_key_length_0": request(CREATE, child_sa(b"SPIn", [(1, 20, 0), (5, 0)]), *child[1:]),
    "c13_child_of_no_encryption": request(CREATE, child_sa(b"SPIn", [(5, 0)]), *child[1:]),
    "c13_child_null_auth_gmac": request(CREATE, child_sa(b"SPIn", [(1, 21, 128), (5, 0)]), *child[1:]),
    "c14_other_identity": request(IKE_AUTH, (IDI, b"\1\0\0\0a.ex"), (IDR, b"\x0b\0\0\0")),
    "c15_child_spi_0": request(CREATE, child_sa(bytes(4)), *child[1:]), "c15_child_spi_255": request(CREATE, child_sa(b"\0\0\0\xff"), *child[1:]),
    "c15_child_spi_twice": request(CREATE, child_sa(b"SPIa"), *child[1:]), "c15_child_spi_of_3_octets": request(CREATE, child_sa(b"new"), *child[1:]),
    "c15_new_ike_spi_0": request(CREATE, ike_sa(bytes(8)), *new_ike[1:]), "c15_new_ike_spi_as_before": request(CREATE, ike_sa(OURS), *new_ike[1:]),
    "c15_rekey_ike_answered_with_spi_0": response(CREATE, ike_sa(bytes(8)), *new_ike[1:], first=REKEY_IKE),
    "c17_message_id_all_ones": request(INFO, number=0xffffffff), "c17_message_id_at_the_windows_end": request(INFO, number=5),
    "c17_message_id_beyond_the_window": request(INFO, number=6), "c17_message_id_of_ike_auth": request(INFO, number=1),
    "c21_selectors_of_everything": request(CREATE, child[0], NONCE_32, ts(TSI, ALL), ts(TSR, ALL)),
    "c21_selectors_wider_than_asked_for": response(CREATE, child[0], NONCE_32, ts(TSI, ALL), ts(TSR, ALL), first=NEW_CHILD),
    "c22_new_children_without_end": request(CREATE, *child, times=31), "c22_rekeys_of_one_child_without_end": request(CREATE, rekey, *child, times=31),
    "c22_rekeys_of_the_child_that_is_being_rekeyed": request(CREATE, rekey, *child, times=31, first=REKEY_CHILD),
    "c22_rekeys_of_ike_without_end": request(CREATE, *new_ike, times=31),
    "c22_rekeys_of_ike_while_rekeying": request(CREATE, *new_ike, times=31, first=REKEY_IKE),
    "c23_version_1_under_protection": request(INFO)[:17] + b"\x10" + request(INFO)[18:],
}
for protocol in (0, 1, 9):
    AUTHENTICATED[f"c9_rekey_of_protocol_{protocol}"] = request(CREATE, notify(16393, protocol=protocol, spi=b"SPIa"), *child)
    AUTHENTICATED[f"c9_delete_of_protocol_{protocol}"] = request(INFO, delete(protocol, 4, [b"SPIa"]))


def identity(kind, data, payload=IDI):
    return payload, bytes([kind, 0, 0, 0]) + data


def auth(method=2, data=bytes(32)):
    return AUTH, bytes([method, 0, 0, 0]) + data


def certificate(encoding, data):
    return CERT, bytes([encoding]) + data


def to_b(*payloads, exchange=IKE_AUTH):
    return request(exchange, *payloads, number=1, to=STRANGER + TO_B)


def to_a(*payloads, exchange=IKE_AUTH):
    return response(exchange, *payloads, number=1, to=STRANGER + TO_A)


ME, PEER, EAP = identity(2, b"a.example"), identity(2, b"b.example", IDR), 48
AUTHENTICATED.update({
    "stranger": to_b(ME, auth(), *child), "stranger_answers": to_a(PEER, auth(), *child),
    "c01_stranger_with_id_of_3_octets": to_b((IDI, b"\1\0\0"), auth(), *child),
    "c01_stranger_with_ipv4_id_of_3_octets": to_b(identity(1, b"\x0a\0\0"), auth(), *child),
    "c01_stranger_with_auth_of_3_octets": to_b(ME, (AUTH, b"\2\0\0"), *child),
    "c01_stranger_with_id_length_0": to_b((IDI, b"\2\0\0\0a.example", 0), auth(), *child),
    "c02_stranger_with_selector_length_0": to_b(ME, auth(), child[0], ts(TSI, selector([0] * 4, [255] * 4, 0)), SELECTORS[1]),
    "c03_stranger_without_id": to_b(auth(), *child), "c03_stranger_without_auth": to_b(ME, *child),
    "c03_stranger_with_nothing": to_b(), "c03_stranger_with_id_alone": to_b(ME), "c03_stranger_childless": to_b(ME, auth()),
    "c03_stranger_answers_without_id": to_a(auth(), *child), "c03_stranger_answers_without_auth": to_a(PEER, *child),
    "c03_stranger_answers_with_nothing": to_a(),
    "c04_stranger_with_two_of_each": to_b(ME, ME, auth(), auth(), *(child * 2)),
    "c04_stranger_with_a_hundred_certificates": to_b(ME, *[certificate(4, b"0")] * 100, auth(), *child),
    "c04_stranger_with_unknown_critical_payload": to_b(ME, auth(), (200 | 0x8000, b"x")),
    "c06_stranger_creates_a_child": to_b(*child, exchange=CREATE), "c06_stranger_rekeys_ike": to_b(*new_ike, exchange=CREATE),
    "c06_stranger_rekeys_a_child": to_b(rekey, *child, exchange=CREATE), "c06_stranger_deletes_ike": to_b(delete(1, 0, []), exchange=INFO),
    "c06_stranger_asks_for_a_sign_of_life": to_b(exchange=INFO),
    "c06_stranger_answers_with_eap_success": to_a(PEER, (EAP, b"\3\1\0\4")),
    "c06_stranger_sends_eap_success": to_b(ME, (EAP, b"\3\1\0\4")), "c06_stranger_answers_with_a_delete": to_a(delete(1, 0, [])),
    "c06_stranger_answers_authentication_failed": to_a(notify(24)), "c06_stranger_answers_temporary_failure": to_a(notify(43)),
    "c10_stranger_of_control_characters": to_b(identity(2, b"\x1b[2J\0%n%s\r\n`id`"), auth(), *child),
    "c12_stranger_with_empty_auth": to_b(ME, auth(2, b""), *child), "c12_stranger_answers_with_empty_auth": to_a(PEER, auth(2, b""), *child),
    "c12_stranger_with_auth_of_another_length": to_b(ME, auth(2, bytes(1)), *child),
    "c12_stranger_with_auth_method_0": to_b(ME, auth(0), *child), "c12_stranger_with_null_auth": to_b(ME, auth(13), *child),
    "c12_stranger_with_signature_of_no_octets": to_b(ME, auth(14, b""), *child),
    "c12_stranger_with_certificate_at_an_url": to_b(ME, certificate(12, bytes(20) + b"http://192.0.2.66/"), auth(1), *child),
    "c14_stranger_with_empty_id": to_b(identity(2, b""), auth(), *child), "c14_stranger_with_id_type_0": to_b(identity(0, b"a.example"), auth(), *child),
    "c14_stranger_with_key_id": to_b(identity(11, b"a.example"), auth(), *child),
    "c14_stranger_with_dn_of_one_octet": to_b(identity(9, b"0"), auth(), *child),
    "c14_stranger_with_dn_that_is_no_asn1": to_b(identity(9, b"\x30\x84\xff\xff\xff\xff"), auth(), *child),
    "c14_stranger_with_a_name_that_goes_on": to_b(identity(2, b"a.example\0.invalid"), auth(), *child),
    "c14_stranger_answers_with_other_id": to_a(identity(2, b"c.example", IDR), auth(), *child),
    "c21_stranger_asks_for_everything": to_b(ME, auth(), child[0], ts(TSI, ALL), ts(TSR, ALL), (CP, b"\1\0\0\0\0\1\0\0")),
})
AUTHENTICATED["c10_notify_of_control_characters"] = request(INFO, notify(24, b"\x1b[2J\0%n%s\r\n"))


def fragments():
    header = message(INFO, INITIATOR, 2, [], spis=(NO_SPI, NO_SPI))
    half_open = message(IKE_AUTH, INITIATOR, 1, [], spis=(b"\1" + bytes(7), NO_SPI))
    _, inner = chain([notify(16384, bytes(100)), delete(3, 4, [b"SPIa"])])

    def one(number, total, octets, first=0):
        return bytes([number, total, first, len(octets)]) + octets

    thirds = [inner[:40], inner[40:80], inner[80:]]
    whole = [one(i + 1, 3, part, NOTIFY if i == 0 else 0) for i, part in enumerate(thirds)]
    seeds = {
        "in_order": whole, "c5_reversed": whole[::-1], "c5_one_missing": whole[:2], "c5_each_twice": whole * 2,
        "c5_number_0": [one(0, 3, thirds[0])] + whole, "c5_number_beyond_total": [one(4, 3, thirds[0])] + whole,
        "c5_total_0": [one(1, 0, thirds[0])], "c5_total_grows": whole[:2] + [one(3, 4, thirds[2]), one(4, 4, b"")],
        "c5_total_shrinks": whole[:2] + [one(2, 2, thirds[1]), one(1, 2, thirds[0], NOTIFY)],
        "c5_total_1": [one(1, 1, inner, NOTIFY)], "c5_empty_fragments": [one(i + 1, 200, b"") for i in range(200)],
        "c5_type_in_each": [one(i + 1, 3, part, NOTIFY) for i, part in enumerate(thirds)],
        "c5_last_first_of_255": [one(i, 255, bytes(20)) for i in range(255, 0, -6)],
        "c5_same_number_other_octets": [whole[0], one(1, 3, bytes(40), NOTIFY)] + whole[1:],
        "c1_inner_payload_cut_short": whole[:2] + [one(3, 3, thirds[2][:-2])],
        "c4_a_payload_of_no_type_in_the_first": [one(1, 3, thirds[0], 0)] + whole[1:],
    }
    seeds |= {
        "c05_stranger_in_order": whole, "c05_stranger_one_missing": whole[1:],
        "c05_stranger_total_255": [one(i, 255, b"") for i in range(1, 100)],
        "c05_stranger_number_0": [one(0, 3, thirds[0])] + whole,
    }
    return {name: (half_open if "stranger" in name else header) + b"".join(parts) for name, parts in seeds.items()}


def session():
    def ask(end, command, which=0):
        return bytes([6, end + 2 * command + 16 * which])

    wait, arrive, lose, again, alter, all_arrive = (bytes([what, 0]) for what in range(6))
    second = bytes([0, 10])
    both = {"rekey_child": REKEY_CHILD, "rekey_ike": REKEY_IKE, "delete_child": DELETE_CHILD, "close": CLOSE, "create": NEW_CHILD}
    seeds = {}
    for name, command in both.items():
        seeds[f"c6_both_{name}"] = ask(0, command) + ask(1, command) + all_arrive
        seeds[f"c6_{name}_answer_lost"] = ask(0, command) + arrive + lose + second * 3
        seeds[f"c6_{name}_meets_rekey_ike"] = ask(0, command) + ask(1, REKEY_IKE) + arrive + again + all_arrive
        seeds[f"c6_{name}_late"] = ask(0, command) + again + all_arrive + ask(1, REKEY_CHILD) + all_arrive
    seeds["c16_every_message_altered"] = (ask(0, REKEY_IKE) + alter + b"\x20") * 4
    seeds["c8_close_then_everything_else"] = ask(0, CLOSE) + b"".join(ask(0, c) for c in range(1, 6)) + all_arrive
    seeds["c22_both_initiate"] = ask(0, 7) + ask(1, 7) + all_arrive
    for number in range(1, 7):  # long ones, so that libFuzzer's inputs grow long at once
        chance = random.Random(number)
        seeds[f"by_chance_{number}"] = bytes(chance.randrange(256) for _ in range(60 * number))
    seeds["hours"] = bytes([0, 24]) * 3 + all_arrive
    return seeds


def write(tables):
    for target, seeds in tables.items():
        folder = CORPUS / f"ike_{target}"
        folder.mkdir(exist_ok=True)
        for name, octets in seeds.items():
            (folder / re.sub(r"^c(\d)_", r"c0\1_", name)).write_bytes(octets)


def main():
    tables = {"responder": RESPONDER, "initiator_reply": INITIATOR_REPLY, "authenticated": AUTHENTICATED,
              "fragments": fragments(), "session": session()}
    write(tables)


if __name__ == "__main__":
    main()
