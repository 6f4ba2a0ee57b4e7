"""What every check needs: where the project is, which files belong to it, and how a finding is printed."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MPSEC_SHARED_DIR", ROOT.parent / "shared"))
_NOT_OURS = ("build", ".git", ".cache")


def files(*suffixes: str) -> list[Path]:
    """The project's own files with one of these suffixes (all files without any), sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # an unpacked archive: no git here
        found = [path for path in ROOT.rglob("*") if not path.relative_to(ROOT).parts[0].startswith(_NOT_OURS)]
    return sorted(path for path in found if path.is_file() and (not suffixes or path.suffix in suffixes))


def finish(check: str, findings: list[str], looked_at: str) -> None:
    """Prints the findings and ends the program: 0 if there is none, else 1."""
    for finding in findings:
        print(finding)
    print(f"{check}: {len(findings)} findings, {looked_at} looked at")
    sys.exit(1 if findings else 0)


def finding(path: Path, line: int, what: str, remedy: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}. {remedy}"
