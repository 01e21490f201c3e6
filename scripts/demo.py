"""The demo: three agencies of an example province, one per branch, from request file to checked system.

    .venv/bin/python scripts/demo.py [--state .hatang/demo] [--base-port 15000] [--keep-going]

Everything is done through the `hatang` command, as a person would. Writes <state>/summary.json
(docs/reference/demo-summary.md) and prints where to look next. Run again, it finds nothing to change. Texts are in the
language of HATANG_LANG (vi, en), else that of the locale, as with the command.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hatang import locale
from hatang.commands.language import asked_language
from hatang.locale import _

ROOT = Path(__file__).resolve().parents[1]
HATANG = ROOT / ".venv" / "bin" / "hatang"
SITE = ROOT / "inventories" / "example" / "site.yaml"
REQUESTS = sorted((ROOT / "inventories" / "example" / "requests").glob("*.yaml"))
APPRAISER = "nguoi-tham-dinh.vi-du"  # example persons, none of them a requester of an example request
APPROVER = "nguoi-phe-duyet.vi-du"


class DemoError(Exception):
    """A command of the demo failed."""


class Demo:
    """One run of the demo in one state folder."""

    def __init__(self, state: Path, base_port: int) -> None:
        self.state = state
        self.base_port = base_port
        self.log = state / "log" / "demo.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.begun = time.monotonic()
        self.seconds: dict[str, float] = {}

    def say(self, text: str) -> None:
        """A line about what is going on, with the time since the start."""
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", file=sys.stderr, flush=True)

    def run(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """Run one `hatang` command; its progress goes to the screen, its result is returned."""
        argv = [str(HATANG), "--state", str(self.state), "--site", str(SITE), *words]
        with self.log.open("a") as log:
            log.write(f"$ hatang {' '.join(words)}\n")
            child = subprocess.Popen(
                argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
            )
            assert child.stderr and child.stdout
            with ThreadPoolExecutor(1) as pool:
                result = pool.submit(child.stdout.read)
                tail: list[str] = []
                for line in child.stderr:
                    log.write(line)
                    tail = [*tail[-19:], line]
                    if line.strip():
                        self.say("  " + line.rstrip())
                text = result.result()
            log.write(text)
        if child.wait() not in ok:
            raise DemoError(f"hatang {' '.join(words)} ended with {child.returncode}; log: {self.log}\n{''.join(tail)}")
        return text

    def json(self, *words: str, ok: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Run one command with JSON output."""
        found: dict[str, Any] = json.loads(self.run(*words, "--output", "json", ok=ok))
        return found

    def step(self, title: str) -> None:
        """Begin a step of the demo."""
        self.say(title)

    def timed(self, name: str, *words: str) -> None:
        """Run a command and keep its seconds."""
        begun = time.monotonic()
        self.run(*words)
        self.seconds[name] = round(time.monotonic() - begun, 1)


def onboard(demo: Demo) -> list[str]:
    """Validate, submit, plan and approve the example requests, on behalf of example persons; returns the systems."""
    names = []
    for file in REQUESTS:
        demo.run("request", "validate", str(file))
        request = demo.json("request", "submit", str(file))["request"]
        if request["state"] in ("submitted", "planned"):
            planned = demo.json("request", "plan", request["id"])["request"]
            if planned["demand"]["appraiser"]:
                demo.run("request", "appraise", request["id"], "--by", APPRAISER)
            demo.run("request", "approve", request["id"], "--by", APPROVER, "--plan", planned["plan"])
        names.append(request["system"])
    return names


def on_record(demo: Demo) -> dict[str, Any]:
    """What persons must put on record for the systems, by state, where a check judges it. Nobody has recorded anything.

    `missing` is not met from the first day of use; `not-due` counts as not checked until its first day, never as met.
    """
    duties = [d for d in demo.json("review", "list")["reviews"] if d["checked_by"]]
    found: dict[str, Any] = {}
    for state in sorted({d["state"] for d in duties}):
        those = [d for d in duties if d["state"] == state]
        found[state] = {"results": len(those), "controls": sorted({d["control"] for d in those})}
    first = min((d["due"] for d in duties if d["state"] == "not-due" and d["due"]), default=None)
    return {"states": found, "first_due": first}


def summary(demo: Demo, applied: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The facts of this run; see docs/reference/demo-summary.md."""
    systems = []
    for name, result in applied.items():
        status = demo.json("system", "status", name)
        agency = demo.json("agency", "show", status["agency"])["agency"]
        steps = result["steps"]
        systems.append(
            {
                "system": name,
                "agency": status["agency"],
                "branch": agency["branch"],
                "level": status["level"],
                "state": status["state"],
                "domain_id": agency["domain_id"],
                "project_id": status["project_id"],
                "resources": sum(n for op, n in steps["apply"]["changes"].items() if op != "delete"),
                "changes": {k: v for k, v in steps["apply"]["changes"].items() if k != "same"},
                "hosts": status["hosts"],
                "public_addresses": status["public_addresses"],
                "hosts_changed": sum(steps["harden"]["changed"].values()),
                "checks": steps["check"]["counts"],
                "controls": steps["check"].get("controls", {}),
                "report": steps["check"]["report"],
                "seconds": {s["name"]: s["seconds"] for s in status["steps"]},
            }
        )
    parts = demo.json("doctor", ok=(0, 1))["parts"]
    return {
        "schema": "hatang.demo/1",
        "site": SITE.parent.name,
        "seconds": demo.seconds,
        "seconds_in_all": round(time.monotonic() - demo.begun, 1),
        "systems": systems,
        "on_record": on_record(demo),
        "parts": parts,
    }


def unrecorded(facts: dict[str, Any]) -> list[str]:
    """Sentences about what nobody has put on record: how much is not met for that, and how much is not due yet."""
    lines = []
    if missing := facts["states"].get("missing"):
        text = _(
            "NOT MET since the systems are in use: {n} results ({controls}), documents that a person must put on "
            "record, and nobody has (a first run's table is of before)."
        )
        lines.append(text.format(n=missing["results"], controls=", ".join(missing["controls"])))
    if later := facts["states"].get("not-due"):
        text = _(
            "Not checked, never met: {n} results of {controls} controls, reviews that nobody has made yet; from {day} "
            "on they are not met, one after the other."
        )
        lines.append(text.format(n=later["results"], controls=len(later["controls"]), day=facts["first_due"]))
    return lines


def tell(demo: Demo, facts: dict[str, Any]) -> None:
    """Print what exists, what passed, what is not checked, where to look next."""
    state = demo.state.relative_to(Path.cwd()) if demo.state.is_relative_to(Path.cwd()) else demo.state
    command = f".venv/bin/hatang --state {state} --site {SITE.relative_to(ROOT)}"
    print(demo.run("system", "list"))
    print(demo.run("host", "list"))
    # 1: a second run's checks find what nobody has put on record. Anything else not met has stopped `system apply`.
    print(demo.run("check", "--last", ok=(0, 1)))
    fakes = [p["name"] for p in facts["parts"] if p["state"] == "fake"]
    text = _("Real: the engine, nine OpenStack services, hosts with systemd and SSH. Not real here: {parts}.")
    print(text.format(parts=", ".join(fakes) or _("nothing")))
    for system in facts["systems"]:
        for at in system["public_addresses"]:
            text = _("Reached from the Internet, over HTTPS alone: {host} at {address}.")
            print(text.format(host=f"{system['system']}-{at['host']}", address=at["address"]))
    for line in unrecorded(facts["on_record"]):
        print(line)
    print(_("Took {s} s. Summary: {file}").format(s=facts["seconds_in_all"], file=state / "summary.json"))
    print("\n" + _("Look next:"))
    first = facts["systems"][0]
    for line in (
        f"system status {first['system']}",
        f"check --system {first['system']}",
        f"review list --due --system {first['system']}",
        f"host ssh {first['hosts'][0]}",
        f"system plan {first['system']}",
        "control show AUT-03 --level 3",
        "sandbox status",
        "sandbox down",
    ):
        print(f"  {command} {line}")


def main() -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, default=ROOT / ".hatang" / "demo")
    parser.add_argument("--base-port", type=int, default=15000)
    options = parser.parse_args()
    locale.choose(asked_language([]))
    demo = Demo(options.state.absolute(), options.base_port)
    try:
        demo.step(_("sandbox: nine OpenStack services, hosts' agent"))
        demo.timed("sandbox", "sandbox", "up", "--base-port", str(demo.base_port))
        demo.step(_("site: networks, address scopes, flavors, image"))
        demo.timed("site", "site", "apply")
        demo.step(_("requests: validate, submit, plan, approve"))
        begun = time.monotonic()
        names = onboard(demo)
        demo.seconds["requests"] = round(time.monotonic() - begun, 1)
        demo.step(_("systems: {names}").format(names=", ".join(names)))
        begun = time.monotonic()
        with ThreadPoolExecutor(len(names)) as pool:
            applied = dict(zip(names, pool.map(lambda n: demo.json("system", "apply", n), names), strict=True))
        demo.seconds["systems"] = round(time.monotonic() - begun, 1)
        facts = summary(demo, applied)
        (demo.state / "summary.json").write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
        tell(demo, facts)
    except DemoError as exc:
        print(f"demo: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
