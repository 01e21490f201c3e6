"""How long the command takes to answer: `make bench-cli`. The last line is one JSON object, times in milliseconds."""

from __future__ import annotations

import json
import resource
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


def measure(words: list[str]) -> tuple[list[float], float, int]:
    """Milliseconds of each run, mean CPU milliseconds, exit code. A first run only warms the file cache."""
    took, code = [], 0
    for n in range(RUNS + 1):
        if n == 1:
            before = _cpu_ms()
        begun = time.perf_counter()
        done = subprocess.run([HATANG, *words], stdin=subprocess.DEVNULL, capture_output=True)
        took.append((time.perf_counter() - begun) * 1000)
        code = code or done.returncode
    return took[1:], (_cpu_ms() - before) / RUNS, code


def _cpu_ms() -> float:
    """CPU time of all children so far: tells a slow command from a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def main() -> int:
    """Measure both; 1 when one failed or its median is over its budget."""
    result: dict[str, dict[str, float | int | bool]] = {}
    for name, (words, budget) in COMMANDS.items():
        took, cpu, code = measure(words)
        median = round(statistics.median(took), 1)
        result[name] = {
            "median_ms": median, "min_ms": round(min(took), 1), "max_ms": round(max(took), 1),
            "cpu_ms": round(cpu, 1), "runs": RUNS, "budget_ms": budget, "exit_code": code,
            "ok": code == 0 and median <= budget,
        }  # fmt: skip
        print(f"hatang {' '.join(words)}: median {median} ms, budget {budget:.0f} ms, exit code {code}")
    print(json.dumps({"benchmark": "cli", **result}))
    return 0 if all(r["ok"] for r in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
