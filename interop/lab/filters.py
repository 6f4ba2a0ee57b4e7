"""What nftables does in a laboratory: NAT, sharing one address between gateways, and cut cables."""

from lab import namespace
from lab.topology import Nat

_CUT = "mpsec_cut"
_BALANCE = "mpsec_balance"
FIRST_MARK = 1  # of the first of those who share an address; marks choose their routing table


def masquerade(netns: str, nat: Nat, outside: str) -> None:
    """The namespace hides behind its address on the interface `outside`, in IPv4 and IPv6."""
    lines = []
    for family in ("ip", "ip6"):
        forward = [(port, to) for port, to in nat.forward if (":" in to) == (family == "ip6")]
        rules = [f'iifname "{outside}" udp dport {port} dnat to {to}' for port, to in forward]
        lines += _chain(family, "mpsec_nat", "inward", "type nat hook prerouting priority -100", rules)
        how = "masquerade random" if nat.ports == "random" else "masquerade"
        rules = [f'oifname "{outside}" {how}']
        lines += _chain(family, "mpsec_nat", "outward", "type nat hook postrouting priority 100", rules)
    _load(netns, lines)


def balance(netns: str, virtual: tuple[str, ...], marks: list[int], seed: int) -> None:
    """Packets to the shared addresses get one of the marks, by their source address: for a seed always the same."""
    rules = []
    # nft takes 0 for "any"
    hashed = f"mod {len(marks)} seed {seed % 0xFFFFFFFF + 1:#x} map {{ {_elements(marks)} }}"
    for address in virtual:
        family = "ip6" if ":" in address else "ip"
        chosen = f"jhash {family} saddr {hashed}" if len(marks) > 1 else marks[0]
        rules.append(f"{family} daddr {address} meta mark set {chosen}")
    head = [f"table inet {_BALANCE}", f"delete table inet {_BALANCE}"]
    _load(netns, head + _chain("inet", _BALANCE, "choose", "type filter hook prerouting priority -150", rules))


def cut(netns: str, interface: str) -> None:
    """Nothing leaves by the interface any more, ARP neither; captures in the namespace do not see it either."""
    _load(netns, _chain("netdev", _table(interface), "leaving", f'type filter hook egress device "{interface}" priority 0', ["drop"]))


def restore(netns: str, interface: str) -> None:
    """The end of a cut; there may have been none."""
    _load(netns, [f"table netdev {_table(interface)}", f"delete table netdev {_table(interface)}"])


def _table(interface: str) -> str:
    return f"{_CUT}_{interface.replace('-', '_')}"


def _elements(marks: list[int]) -> str:
    return ", ".join(f"{place} : {mark}" for place, mark in enumerate(marks))


def _chain(family: str, table: str, name: str, hook: str, rules: list[str]) -> list[str]:
    body = [f"    {rule}" for rule in rules]
    return [f"table {family} {table} {{", f"  chain {name} {{", f"    {hook};", *body, "  }", "}"]


def _load(netns: str, lines: list[str]) -> None:
    namespace.call(netns, ["nft", "--file", "-"], "\n".join(lines) + "\n")
