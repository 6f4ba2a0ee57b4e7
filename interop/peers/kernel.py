"""Whether the host's own kernel has ESP, so that no guest is needed."""

import functools
import os
import subprocess

_STATE = "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 aead rfc4106(gcm(aes)) 0x{key} 128".format(key="00" * 20)


@functools.cache
def host_lacks_esp() -> str | None:
    """None where an ESP SA can be made in a throw-away namespace, else what the kernel said."""
    if os.geteuid() != 0:
        return "needs root"
    name = f"mpsec-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return "no network namespace can be made"
    try:
        made = subprocess.run(["ip", "netns", "exec", name, *_STATE.split()], capture_output=True, text=True)
        return made.stderr.strip() or "no ESP" if made.returncode != 0 else None
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
