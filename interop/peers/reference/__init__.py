"""Our own gateway as a peer: mpsec-gateway (docs/gateway.md)."""

import ipaddress
import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

from lab import probe
from lab.network import Node, Process

from peers import keywords
from peers.peer import ChildStatus, IkeStatus, Peer, PeerError, Status, until
from peers.reference.control import Refused, ask
from peers.reference.document import document, render
from peers.scenario import End, Scenario, Transform

_ROOT = Path(__file__).resolve().parents[3]
_BUILT = _ROOT / "build/release/bin"
_ANSWER_SECONDS = 20.0
_START_SECONDS = 10
_IKE_ALIVE = {"established", "rekeying"}
_CHILD_ALIVE = {"installed", "rekeying", "replaced"}
_REFUSALS = ("replay_duplicate", "replay_too_old", "replay_below_zero", "integrity_failed")
_SELECTOR = re.compile(r"local (\S+) port .*?, remote (\S+) port ")


def program(name: str) -> Path:
    """In the folder that MPSEC_BIN names, else of the release build."""
    return Path(os.environ.get("MPSEC_BIN", _BUILT)) / name


class Reference(Peer):
    """One mpsec-gateway in the node's namespace."""

    name = "reference"
    _process: Process | None = None

    @classmethod
    def probe(cls) -> str | None:
        path = program("mpsec-gateway")
        if shutil.which(path) is None:
            return f"{path} is not there: build the target mpsec-gateway, or set MPSEC_BIN to its folder"
        return probe.needed() or probe.tun()

    @classmethod
    def unsupported(cls, scenario: Scenario, node: str) -> str | None:
        if unknown := keywords.unknown(scenario.end(node).transforms()):
            return f"{cls.name}: no word for {unknown[0]}"
        return super().unsupported(scenario, node)

    def configure(self, node: Node, end: End, other: End, scenario: Scenario) -> None:
        self.node, self.end, self.other = node, end, other
        self.folder = node.folder / scenario.name
        self.socket, self.journal = node.folder / "control", self.folder / "journal.jsonl"
        tables = document(end, other, str(self.socket), str(self.journal))
        self.file = node.write(f"{scenario.name}/gateway.toml", render(tables) + "\n")
        retransmit = tables["ike"]["retransmit"]
        self.lowered_timers = {f"ike.retransmit.{name}": str(value) for name, value in retransmit.items()}
        self.lowered_timers["peer.liveness"] = tables["peer"][0]["liveness"]

    def start(self) -> None:
        log = str((self.folder / "gateway.out").relative_to(self.node.folder))
        self._process = self.node.start([str(program("mpsec-gateway")), "run", str(self.file)], log=log)
        try:
            until(self._answers, _START_SECONDS, f"mpsec-gateway at {self.node.name} answers", self.log)
        except PeerError:
            self.stop()
            raise

    def _answers(self) -> bool:
        if not self.runs():
            raise PeerError(f"mpsec-gateway at {self.node.name} ended while it started", self.log())
        try:
            ask(self.socket, "version", 1.0)
        except OSError:
            return False
        return True

    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.alive()

    @property
    def pid(self) -> int:
        """Of the gateway, which must have been started."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    def stop(self) -> None:
        if self._process:
            self._process.stop()
        self._process = None

    def kill(self) -> None:
        if self._process and self._process.alive():
            os.killpg(self._process.pid, signal.SIGKILL)
        self.stop()

    def initiate(self, child: str) -> None:
        """With an IKE SA all children are made that the configuration names."""
        present = self.status()
        if not present.established:
            self._ask("initiate", peer=self.other.node)
        elif child not in [found.name for found in present.children]:
            self.create_child(child)

    def begin(self, path: int) -> None:
        """The IKE SA of this path, from 0, whatever others there are; the answers are not waited for."""
        self._ask("initiate", peer=self.other.node, path=f"path {path + 1}", wait=False)

    def create_child(self, child: str) -> None:
        """A further one of this name, where there is one already."""
        self._ask("create_child", peer=self.other.node, child=child)

    def rekey_child(self, child: str) -> None:
        self._ask("rekey_child", child=child, peer=self.other.node, wait=False)

    def rekey_ike(self) -> None:
        self._ask("rekey_ike", peer=self.other.node, wait=False)

    def terminate(self, child: str | None = None) -> None:
        which = {"child": child} if child else {}
        self._ask("terminate", peer=self.other.node, **which)

    def status(self) -> Status:
        return Status(tuple(self._ike(sa) for sa in self._ask("status")["status"]["ike_sas"]))

    def clusters(self) -> list[dict[str, Any]]:
        """Those of `status`: sub-SAs, paths, reordering, metrics (vectors/schema/gateway_status.schema.json)."""
        return self._ask("status")["status"]["clusters"]

    def statistics(self) -> dict[str, int]:
        """All numbers of `counters`, by their path."""
        return _numbers(self._ask("counters"))

    def refused(self) -> int:
        return sum(self.statistics()[f"counters.discards.{cause}"] for cause in _REFUSALS)

    def journal_entries(self, event: str) -> list[dict[str, Any]]:
        """Those of one event so far (docs/gateway.md)."""
        entries = [json.loads(line) for line in self.journal.read_text().splitlines() if f'"event":"{event}"' in line]
        return [entry for entry in entries if entry["event"] == event]

    def log(self) -> str:
        """What it said on standard error, and its journal."""
        files = [self.folder / "gateway.out", self.journal]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def _ask(self, request: str, **members: Any) -> dict[str, Any]:
        try:
            return ask(self.socket, request, _ANSWER_SECONDS, **members)
        except (Refused, OSError) as error:
            raise PeerError(f"mpsec-gateway at {self.node.name}: {request} {members}: {error}", self.log()) from error

    def _ike(self, sa: dict[str, Any]) -> IkeStatus:
        return IkeStatus(
            established=sa["state"] in _IKE_ALIVE,
            initiator=sa["role"] == "initiator",
            spi_initiator=int(sa["initiator_spi"], 16),
            spi_responder=int(sa["responder_spi"], 16),
            local_identity=self.end.identity,
            remote_identity=sa.get("remote_id", "").partition(" ")[2],  # its type is in front
            remote_address=sa["remote"],
            transforms=_transforms(sa["suite"]),
            virtual_addresses=(),
            children=tuple(_child(child) for child in sa["children"] if child["state"] in _CHILD_ALIVE),
        )


def _child(child: dict[str, Any]) -> ChildStatus:
    traffic = child["traffic"]
    selectors = [_SELECTOR.search(text) for text in child["selectors"]]
    return ChildStatus(
        name=child["name"],
        spi_in=int(child["inbound_spi"], 16),
        spi_out=int(child["outbound_spi"], 16),
        mode=child["mode"],
        protocol=child["protocol"],
        transforms=_transforms(child["suite"]) if "suite" in child else None,
        extended_numbers=child.get("extended_sequence_numbers"),
        encapsulated=child.get("encapsulated"),
        packets_in=traffic["packets_in"],
        octets_in=traffic["octets_in"],
        packets_out=traffic["packets_out"],
        octets_out=traffic["octets_out"],
        local=tuple(prefix for match in selectors if match for prefix in _prefixes(match[1])),
        remote=tuple(prefix for match in selectors if match for prefix in _prefixes(match[2])),
    )


def _prefixes(ranges: str) -> list[str]:
    """From "10.1.0.0-10.1.0.255,10.3.0.7"."""
    found = []
    for text in ranges.split(","):
        first, _, last = text.partition("-")
        ends = [ipaddress.ip_address(end) for end in (first, last or first)]
        found += [str(prefix) for prefix in ipaddress.summarize_address_range(*ends)]
    return found


def _transforms(suite: str) -> frozenset[Transform]:
    """From "ENCR_AES_GCM_16-128/PRF_HMAC_SHA2_256/Curve25519"."""
    found = (re.fullmatch(r"(ENCR_\w+)-(\d+)", name) for name in suite.split("/"))
    return frozenset(
        Transform(match[1], int(match[2])) if match else Transform(name) for match, name in zip(found, suite.split("/"))
    )


def _numbers(values: dict[str, Any], path: str = "") -> dict[str, int]:
    flat: dict[str, int] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _numbers(value, f"{path}{name}.")
        elif isinstance(value, int) and not isinstance(value, bool):
            flat[path + name] = value
    return flat
