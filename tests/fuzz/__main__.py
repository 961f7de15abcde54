"""`python -m tests.fuzz TARGET [libFuzzer options]`: coverage-guided bytes for one target, from the vectors on."""

import json
import re
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["device_drivers", "vocabulary"]):
    from tests.fuzz.targets import TARGETS

VECTORS = [Path(__file__).parents[1] / name for name in ("hets-vectors.json", "blockbluelight-vectors.json")]
CORPORA = Path(__file__).parents[2] / ".fuzz"
"""What was found stays here and is where the next run begins."""


def plant(corpus: Path) -> None:
    """Every byte string of the vectors is a seed."""
    known = json.dumps([json.loads(path.read_text()) for path in VECTORS])
    for number, text in enumerate(re.findall(r'"((?:[0-9a-f]{2})+)"', known)):
        (corpus / f"{number:03}").write_bytes(bytes.fromhex(text))


def main() -> None:
    name, *options = sys.argv[1:]
    corpus = CORPORA / name
    corpus.mkdir(parents=True, exist_ok=True)
    plant(corpus)
    atheris.Setup([name, *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


main()
