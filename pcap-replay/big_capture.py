#!/usr/bin/python3
"""big_capture.py PROGRAM [MIB...]: peak memory of mpsec-replay over captures of different sizes.

Each capture goes through a pipe, so it needs no room on a disk: Ethernet frames of 94 octets with ESP of 4 SAs in
turns. Of each SA a packet in 64 is lost, one in 64 comes 40 packets late, one in 64 comes twice, and every 4096
packets one is 100,000 late, beyond the bound. 64 MiB are enough to fill all that the metrics remember, so that the
last capture may need no more memory than the first.
"""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MIB = 1 << 20
FRAME = bytes.fromhex("0200000000010200000000020800450000500001000040320000c0000201c0000202")
OCTETS, SAS, BLOCK = 94, 4, 4096
MOST_GROWTH_KIB = 4096
DEFAULT_SIZES = [64, 1024]


def numbers(block: int) -> list[int]:
    """The sequence numbers of BLOCK packets of one SA, as they arrive."""
    first = block * BLOCK + 1
    places = []
    for number in range(first, first + BLOCK):
        match number % 64:
            case 7:
                continue
            case 21:
                places.append((number + 40.5, number))
            case 35:
                places += [(number, number), (number + 3.5, number)]
            case _:
                places.append((number, number))
    arrivals = [number for _, number in sorted(places)]
    if first > 100_000:
        arrivals.append(first - 100_000)
    return arrivals


def records(block: int) -> bytes:
    """The pcap records of one block of all SAs."""
    padding = bytes(OCTETS - len(FRAME) - 8)
    parts = []
    for index, number in enumerate(numbers(block)):
        microseconds = (block * BLOCK + index) * 4
        header = struct.pack("<IIII", microseconds // 1_000_000, microseconds % 1_000_000, OCTETS, OCTETS) + FRAME
        parts += [header + struct.pack(">II", 0x1000 + sa, number) + padding for sa in range(SAS)]
    return b"".join(parts)


def capture(octets: int) -> Iterator[bytes]:
    yield struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    block = written = 0
    while written < octets:
        part = records(block)
        yield part
        block += 1
        written += len(part)


def peak_kib(pid: int) -> int:
    """Of the program alone: what wait4() tells has the memory of who started it, too."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)[1])


def replay(program: str, mebibytes: int) -> tuple[int, dict]:
    """Peak memory in KiB, and the report."""
    with subprocess.Popen([program, "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for part in capture(mebibytes * MIB):
            process.stdin.write(part)
        process.stdin.close()
        # The report is complete before its first octet is written, and longer than what a pipe takes.
        start = process.stdout.read(1)
        peak = peak_kib(process.pid)
        report = json.loads(start + process.stdout.read())
    if process.returncode != 0:
        sys.exit(f"mpsec-replay: exit code {process.returncode}")
    return peak, report


def main() -> int:
    program, *sizes = sys.argv[1:]
    peaks = []
    for mebibytes in map(int, sizes or DEFAULT_SIZES):
        peak, report = replay(program, mebibytes)
        peaks.append(peak)
        stream = report["streams"][0]
        print(
            f"{mebibytes:5} MiB, {report['capture']['frames']:9} frames: peak {peak / 1024:.1f} MiB; per SA "
            f"{stream['packets']} packets, {stream['reordering']['reordered']} reordered, "
            f"{stream['sequence']['duplicates']} duplicates, {stream['reordering']['beyond_bound']} beyond the bound",
            flush=True,
        )
    growth = peaks[-1] - peaks[0]
    print(f"from {(sizes or DEFAULT_SIZES)[0]} to {(sizes or DEFAULT_SIZES)[-1]} MiB the peak grew by {growth} KiB")
    constant = growth <= MOST_GROWTH_KIB
    print("1 passed, 0 failed" if constant else "0 passed, 1 failed")
    return 0 if constant else 1


if __name__ == "__main__":
    sys.exit(main())
