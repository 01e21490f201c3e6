"""How long the command takes to answer: `make bench-cli`. The last line is one JSON object, times in milliseconds."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

HATANG = Path(sys.executable).parent / "hatang"
RUNS = 15
COMMANDS: dict[str, tuple[list[str], float]] = {
    "help": (["--help"], 150),
    "control_show": (["control", "show", "ACC-06", "--level", "3"], 300),
}


def measure(words: list[str]) -> tuple[list[float], int]:
    """Milliseconds of each run, the first of which only warms the file cache, and the exit code."""
    took, code = [], 0
    for _ in range(RUNS + 1):
        begun = time.perf_counter()
        done = subprocess.run([HATANG, *words], stdin=subprocess.DEVNULL, capture_output=True)
        took.append((time.perf_counter() - begun) * 1000)
        code = code or done.returncode
    return took[1:], code


def main() -> int:
    """Measure both; 1 when one failed or its median is over its budget."""
    result: dict[str, dict[str, float | int | bool]] = {}
    for name, (words, budget) in COMMANDS.items():
        took, code = measure(words)
        median = round(statistics.median(took), 1)
        result[name] = {
            "median_ms": median, "min_ms": round(min(took), 1), "max_ms": round(max(took), 1), "runs": RUNS,
            "budget_ms": budget, "exit_code": code, "ok": code == 0 and median <= budget,
        }  # fmt: skip
        print(f"hatang {' '.join(words)}: median {median} ms, budget {budget:.0f} ms, exit code {code}")
    print(json.dumps({"benchmark": "cli", **result}))
    return 0 if all(r["ok"] for r in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
