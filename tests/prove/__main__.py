"""`make prove`: break every automated control on a real host, cloud or registry and see that its check notices.

    python -m tests.prove                        all, and write policies/proof.json; cut off, it goes on when run again
    python -m tests.prove --on registry          those of one kind of place; the whole proof need not do them again
    python -m tests.prove --on host --part 1/2   half of them, beside another process with 2/2
    python -m tests.prove --control AUT-13       some, each time anew; whole, they are put into the record
    python -m tests.prove --sample 15 --seed 7   a random sample, each time anew

The last line on stdout is one JSON object. Exit code 1: a mutation was not caught.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from hatang.model.mutation import Where
from tests.prove import places, record
from tests.prove.choice import Chosen, every, sample
from tests.prove.outcome import Outcome
from tests.prove.progress import Progress


def run(chosen: Sequence[Chosen], folder: Path, port: int, say: Callable[[str], None]) -> Iterator[Outcome]:
    """Do them, place by place; a place stands only while it is needed."""
    done, begun = 0, monotonic()
    for place in places.Place:
        mine = [c for c in chosen if places.of(c[1]) is place]
        if not mine:
            continue
        with ExitStack() as stack:
            prove = places.open_place(place, folder, port, stack, say)
            for control, mutation in mine:
                outcome = prove(control, mutation)
                done += 1
                say(f"{monotonic() - begun:5.0f} s  {done}/{len(chosen)}  {outcome}  {outcome.seconds:.0f} s")
                yield outcome


def part(text: str) -> tuple[int, int]:
    """`2/3` → (2, 3)."""
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text}: a part is I/N, for example 1/2")
    return int(number), int(of)


def main() -> int:
    """Parse, prove, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--control", action="append", default=[], metavar="ID", help="this one alone; may be repeated")
    parser.add_argument("--on", action="append", default=[], choices=[w.value for w in Where], help="mutations there")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of them, chosen at random")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the choice")
    parser.add_argument("--part", type=part, default=(1, 1), metavar="I/N", help="the I-th of N parts, side by side")
    parser.add_argument("--sandbox-port", type=int, default=24000, help="first port of the sandbox (100 are kept)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the places are taken down
    where = tuple(Where(w) for w in given.on) or tuple(Where)
    chosen = [c for c in every() if c[1].on in where and (not given.control or c[0] in given.control)]
    if unknown := set(given.control) - {c[0] for c in every()}:
        parser.error(f"no mutation of {', '.join(sorted(unknown))}; they are in policies/mutations")
    if given.sample is not None:
        chosen = sample(given.sample, given.seed, chosen)
        print(f"seed {given.seed}", file=sys.stderr)
    chosen = chosen[given.part[0] - 1 :: given.part[1]]
    progress = None if given.control or given.sample is not None else Progress()
    before = progress.done(chosen) if progress else []
    if before:
        print(f"{len(before)} of {len(chosen)} were caught before", file=sys.stderr)
    begun, outcomes = monotonic(), list(before)
    with tempfile.TemporaryDirectory(prefix="hatang-prove-") as folder:
        still = progress.left(chosen) if progress else chosen
        for outcome in run(still, Path(folder), given.sandbox_port, lambda text: print(text, file=sys.stderr)):
            outcomes.append(outcome)
            if progress:
                progress.note(outcome)
    missed = [o for o in outcomes if not o.caught]
    for outcome in missed:
        print(outcome, file=sys.stderr)
    if progress and len(chosen) == len(every()):
        record.write(outcomes)
        if not missed:
            progress.clear()
    elif given.control and given.sample is None and given.part == (1, 1) and not given.on:
        record.renew(outcomes)
    print(json.dumps({
        "mutations": len(outcomes), "caught": len(outcomes) - len(missed),
        "controls": len({o.control for o in outcomes}), "not_caught": sorted({o.control for o in missed}),
        "seconds": round(sum(o.seconds for o in before) + monotonic() - begun, 1), "before": len(before),
    }))  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
