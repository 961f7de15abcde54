"""The test vectors of the device profile and the wire."""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "hets-vectors.json").read_text())
