"""What a run tells its worker: figures as a command tells them, and marks that are there or not."""

import json
import os
from pathlib import Path
from typing import Any, Final

METRICS: Final = "FEDROTA_METRICS"
VERDICT: Final = "verdict.json"
FINISHED: Final = "finished.json"
END: Final = "end"
KITS: Final = "kits"
ORDER: Final = "order.json"


class News:
    """Writes lines that the worker passes on; what has not changed is not told again."""

    def __init__(self) -> None:
        self._path = Path(os.environ[METRICS])
        self._told: dict[str, Any] = {}

    def progress(self, fraction: float) -> None:
        """The run is so far, 0 to 1."""
        self._tell("progress", fraction, {"progress": fraction})

    def point(self, name: str, value: float, step: int) -> None:
        """A point of a curve."""
        self._tell(f"point {name}", (step, value), {"name": name, "value": value, "step": step})

    def summary(self, name: str, value: Any) -> None:
        """A figure of the summary, any JSON."""
        self._tell(name, value, {"summary": {name: value}})

    def _tell(self, key: str, value: Any, line: dict[str, Any]) -> None:
        if self._told.get(key) != value:
            self._told[key] = value
            with self._path.open("a") as file:
                file.write(json.dumps(line, default=str) + "\n")


def write_mark(path: Path, content: Any) -> None:
    """Write a JSON file that appears at once."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(json.dumps(content, default=str))
    draft.replace(path)
