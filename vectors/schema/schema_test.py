#!/usr/bin/python3
"""Holds our own vector files against their schema, with a validator that is not ours."""

import json
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parent.parent
SKIPPED = 77

try:
    import jsonschema
except ImportError:
    print("SKIPPED vector schema: python3-jsonschema is not installed")
    sys.exit(SKIPPED)

validator = jsonschema.Draft202012Validator(json.loads((VECTORS / "schema/vectors.schema.json").read_text()))
files = [*sorted((VECTORS / "kat").glob("*.json")), *sorted((VECTORS / "wire").glob("*.json"))]
findings = [
    f"{path}#/{'/'.join(map(str, error.path))}: {error.message[-300:]}"
    for path in files
    for error in validator.iter_errors(json.loads(path.read_text()))
]
print("\n".join(findings))
print(f"{len(files)} files, {len(findings)} findings")
sys.exit(1 if findings or not files else 0)
