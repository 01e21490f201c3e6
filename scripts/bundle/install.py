#!/usr/bin/env python3
"""Installs hatang from the folder in which this file lies; needs no network and nothing but Python.

PREFIX/releases/VERSION-SUM   one installation: Python environment, engine, provider, docs
PREFIX/current                the one in use; a link that changes in one step, last of all
PREFIX/bin/hatang             the command

An installation is made in its final folder, because environments cannot be moved, and counts once its `bundle.json` is
there. Killed, the next run removes what is half made; the one in use is never touched.
"""

# An older Python must get as far as telling that it is too old: what is read and run before that is no newer than 3.7.
from __future__ import annotations

import argparse
import errno
import fcntl
import hashlib
import json
import locale
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MARK = ".hatang-installation"  # also the lock
OURS = {MARK, "releases", "current", "bin"}
WAIT_S = 60
TOOLCHAIN = Path("share") / "hatang" / "toolchain"  # hatang.provision.toolchain looks there
NEEDED = ("toolchain", "product")  # groups of `hatang doctor` that the bundle brings
BEGUN = time.monotonic()
VIETNAMESE = False


def said(en: str, vi: str) -> str:
    """The text in the language in use."""
    return vi if VIETNAMESE else en


class Refused(Exception):
    """Nothing was changed."""

    exit_code = 2

    def __init__(self, what: str, where: object, do: str) -> None:
        where_word, do_word = said("where:", "ở đâu:"), said("do:   ", "cần làm:")
        super().__init__(f"{said('error', 'lỗi')}: {what}\n  {where_word} {where}\n  {do_word} {do}")


class Stopped(Refused):
    """Stopped on the way: what was installed before is as it was."""

    exit_code = 4


def show(en: str, vi: str) -> None:
    """One line of progress."""
    print(f"[{time.monotonic() - BEGUN:6.1f} s] {said(en, vi)}", file=sys.stderr, flush=True)


def sha256(file: Path) -> str:
    """Of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def verified() -> list[str]:
    """Names of all files of the bundle, each as it was when the bundle was made."""
    again = said("unpack the bundle again into an empty folder; compare its SHA-256 with the one you were given",
                 "giải nén lại vào thư mục trống; so SHA-256 của tệp với giá trị đã được cung cấp")  # fmt: skip
    try:
        lines = (HERE / "SHA256SUMS").read_text().splitlines()
        wanted = {name: sum_ for sum_, _, name in (line.partition("  ") for line in lines)}
    except OSError as exc:
        what = said("the list of sums cannot be read", "không đọc được danh sách tổng kiểm")
        raise Refused(what, exc, again) from exc
    for name, wanted_sum in wanted.items():
        file = HERE / name
        try:
            found = sha256(file)
        except OSError as exc:
            raise Refused(said("a file of the bundle is missing", "thiếu một tệp của bộ cài"), file, again) from exc
        if found != wanted_sum:
            raise Refused(said("a file of the bundle was altered", "một tệp của bộ cài đã bị thay đổi"), file, again)
    return sorted(wanted)


def check_machine(facts: dict[str, str]) -> None:
    """Python and platform must be those for which the bundle was made."""
    python, place = f"{sys.version_info[0]}.{sys.version_info[1]}", sys.executable
    if (sys.implementation.name, python) != (facts["implementation"], facts["python"]):
        raise Refused(
            said(f"this is Python {python}; the bundle is for Python {facts['python']}",
                 f"đây là Python {python}; bộ cài dành cho Python {facts['python']}"), place,
            said(f"python{facts['python']} ./install …, or make the bundle with Python {python}",
                 f"python{facts['python']} ./install …, hoặc tạo bộ cài bằng Python {python}"),
        )  # fmt: skip
    other = said("make the bundle on a machine like this one", "tạo bộ cài trên máy giống máy này")
    if sysconfig.get_platform() != facts["platform"]:
        raise Refused(
            said(f"this is {sysconfig.get_platform()}; the bundle is for {facts['platform']}",
                 f"đây là {sysconfig.get_platform()}; bộ cài dành cho {facts['platform']}"), place, other,
        )  # fmt: skip
    libc, version = platform.libc_ver()
    if libc != "glibc" or _numbers(version) < _numbers(facts["glibc"]):
        raise Refused(
            said(f"glibc {facts['glibc']} or newer is needed; here is {libc} {version}",
                 f"cần glibc {facts['glibc']} trở lên; ở đây là {libc} {version}"), place, other,
        )  # fmt: skip


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2] if part.isdigit()]


def check_prefix(prefix: Path, need_mib: int) -> None:
    """The place must be new, empty, or an installation of ours, writable, with room."""
    elsewhere = said("name another folder with --prefix", "chọn thư mục khác bằng --prefix")
    if prefix.exists() or prefix.is_symlink():
        if not prefix.is_dir():
            raise Refused(said("it is not a folder", "đây không phải thư mục"), prefix, elsewhere)
        try:
            names = {file.name for file in prefix.iterdir()}
        except OSError as exc:
            raise Refused(said("it cannot be read", "không đọc được"), exc, elsewhere) from exc
        if names and not (MARK in names and names <= OURS):
            odd = sorted(names - OURS) or sorted(names)
            raise Refused(
                said(f"the folder holds something else: {', '.join(odd[:3])}",
                     f"thư mục đang chứa thứ khác: {', '.join(odd[:3])}"), prefix, elsewhere,
            )  # fmt: skip
    there = next(p for p in (prefix, *prefix.parents) if p.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise Refused(
            said("no right to write there", "không có quyền ghi vào đây"), there,
            said("run it as root, or name another folder with --prefix",
                 "chạy bằng quyền root, hoặc chọn thư mục khác bằng --prefix"),
        )  # fmt: skip
    free = shutil.disk_usage(there).free >> 20
    if free < need_mib:
        raise Refused(
            said(f"{need_mib} MiB are needed, {free} are free", f"cần {need_mib} MiB, chỉ còn {free}"), there, elsewhere
        )


def locked(prefix: Path) -> int:
    """Wait until nobody else installs there. What this run starts holds the lock too, should it outlive it."""
    try:
        prefix.mkdir(parents=True, exist_ok=True)
        handle = os.open(prefix / MARK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as exc:
        raise Refused(
            said("it cannot be made", "không tạo được"), exc,
            said("name another folder with --prefix", "chọn thư mục khác bằng --prefix"),
        ) from exc  # fmt: skip
    os.set_inheritable(handle, True)
    begun, told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError as exc:
            if exc.errno not in (errno.EAGAIN, errno.EACCES) or time.monotonic() > begun + WAIT_S:
                raise Refused(
                    said("another installation is at work there", "một lần cài khác đang chạy ở đó"), prefix,
                    said("wait until it has ended, then run this again", "chờ nó xong rồi chạy lại"),
                ) from exc  # fmt: skip
            if not told and time.monotonic() > begun + 1:
                show("waiting for another run to end", "chờ lần chạy khác kết thúc")
                told = True
            time.sleep(0.2)


def run(*argv: object, home: Path, codes: tuple[int, ...] = (0,)) -> str:
    """Output of a program that gets nothing of the caller's environment. Raises Stopped with its last lines."""
    words = [str(word) for word in argv]
    dies = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv", path=os.defpath) else []  # when this one does
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home), "PATH": os.defpath,
           "LC_ALL": "C.UTF-8", "HATANG_STATE_DIR": str(home / "state")}  # fmt: skip
    done = subprocess.run([*dies, *words], env=env, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          close_fds=False)  # fmt: skip
    if done.returncode not in codes:
        told = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise Stopped(
            said(f"{Path(words[0]).name} ended with {done.returncode}: {' '.join(told)}",
                 f"{Path(words[0]).name} kết thúc với mã {done.returncode}: {' '.join(told)}"), words[0],
            said("mend it and run this again; what was installed before is as it was",
                 "khắc phục rồi chạy lại; bản đã cài trước đó vẫn nguyên"),
        )  # fmt: skip
    return done.stdout


def fill(release: Path, files: list[str], home: Path) -> None:
    """Make the environment, install every wheel by its hash, copy the rest."""
    show("Python environment", "môi trường Python")
    run(sys.executable, "-m", "venv", "--without-pip", release, home=home)
    show("packages", "các gói")
    uv = home / "uv"  # the bundle may lie on a medium from which nothing runs
    shutil.copyfile(HERE / "tools" / "uv", uv)
    uv.chmod(0o755)
    run(uv, "pip", "install", "--python", release / "bin" / "python", "--offline", "--no-config", "--no-index",
        "--find-links", HERE / "wheels", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--cache-dir",
        home / "uv-cache", "--compile-bytecode", "-r", HERE / "requirements.txt", home=home)  # fmt: skip
    show("engine, provider, documents", "bộ máy, trình cung cấp, tài liệu")
    for name in files:
        top, _, rest = name.partition("/")
        if top not in ("toolchain", "share"):
            continue
        target = release / TOOLCHAIN / rest if top == "toolchain" else release / "share" / "hatang" / rest
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / name, target)
        target.chmod(0o755 if top == "toolchain" and not name.endswith(".json") else 0o644)


def prove(release: Path, home: Path) -> list[str]:
    """Let the new command look at itself; returns what the machine still lacks. Raises Stopped."""
    show("does it run?", "chạy thử")
    run(release / "bin" / "hatang", "--version", home=home)
    told = run(release / "bin" / "hatang", "--lang", "en", "doctor", "--output", "json", home=home, codes=(0, 1))
    parts = json.loads(told)["parts"]
    bad = [f"{p['name']} ({p['detail']})" for p in parts if p["group"] in NEEDED and p["state"] != "real"]
    if bad:
        raise Stopped(said(f"parts do not work: {', '.join(bad)}", f"có phần không chạy: {', '.join(bad)}"), release,
                      said("tell it to those who made the bundle", "báo cho người tạo bộ cài"))  # fmt: skip
    return [f"{p['name']}: {p['remedy']}" for p in parts if p["required"] and p["state"] == "missing"]


def link(target: str, place: Path) -> None:
    """Make or change a link in one step."""
    new = place.with_name(f".{place.name}.new")
    if new.is_symlink():
        new.unlink()
    new.symlink_to(target)
    new.replace(place)


def install(prefix: Path, files: list[str], facts: dict[str, str]) -> list[str]:
    """Install into a folder of its own, prove it, then take it into use. Returns what the machine still lacks."""
    releases, current = prefix / "releases", prefix / "current"
    before = current.readlink().name if current.is_symlink() else ""
    releases.mkdir(exist_ok=True)
    name = f"{facts['version']}-{facts['sums'][:12]}"
    for old in releases.iterdir():
        if not (old / "bundle.json").is_file():  # of a run that was killed
            shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=releases) as work:
        home = Path(work)
        if (releases / name).is_dir():
            try:
                lacking = prove(releases / name, home)
                _take(prefix, name, before)
                return lacking
            except Stopped as exc:  # somebody altered it
                show(f"made anew: {exc}", f"làm lại: {exc}")
                name += time.strftime("-%Y%m%dT%H%M%S", time.gmtime())
        release = releases / name
        try:
            fill(release, files, home)
            lacking = prove(release, home)
            (release / "bundle.json").write_text(json.dumps(facts, indent=1) + "\n")
        except BaseException:
            shutil.rmtree(release, ignore_errors=True)
            raise
    _take(prefix, name, before)
    return lacking


def _take(prefix: Path, name: str, before: str) -> None:
    """Take a whole installation into use; the one before stays, since its workers may still run."""
    link(f"releases/{name}", prefix / "current")
    (prefix / "bin").mkdir(exist_ok=True)
    link("../current/bin/hatang", prefix / "bin" / "hatang")
    if name == before:
        return
    for old in (prefix / "releases").iterdir():
        if old.name not in (name, before) and not old.name.startswith("."):
            shutil.rmtree(old, ignore_errors=True)


def arguments() -> argparse.Namespace:
    """What the caller asks for; argparse itself ends with 2 when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="install",
        description=said("Install hatang from this folder, without any network. Run again over an older version, it "
                         "upgrades; when it fails, what was installed stays as it was.",
                         "Cài hatang từ thư mục này, không cần mạng. Chạy trên bản cũ thì nâng cấp; nếu hỏng giữa "
                         "chừng, bản đã cài vẫn nguyên."),
        epilog=said("Exit codes: 0 done · 2 wrong input, nothing changed · 4 stopped on the way: run again.",
                    "Mã thoát: 0 xong · 2 dữ liệu vào sai, chưa thay đổi gì · 4 dừng giữa chừng: chạy lại."),
    )  # fmt: skip
    where = said("folder to install into, e.g. /opt/hatang", "thư mục cài, ví dụ /opt/hatang")
    parser.add_argument("--prefix", required=True, metavar="DIR", help=where)
    parser.add_argument("--lang", choices=("vi", "en"), help=said("language of the texts", "ngôn ngữ hiển thị"))
    return parser.parse_args()


def choose_language() -> None:
    """--lang, else the locale, else English; as the command does."""
    global VIETNAMESE
    words = sys.argv[1:]
    try:
        code = locale.setlocale(locale.LC_MESSAGES, "")
    except locale.Error:
        code = ""
    asked = [b for a, b in zip(words, [*words[1:], ""]) if a == "--lang"]  # noqa: B905 - strict= came with 3.10
    asked += [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    VIETNAMESE = (asked[-1] if asked else code[:2]) == "vi"


def main() -> int:
    """Check everything, then install."""
    choose_language()
    prefix = Path(arguments().prefix).resolve()
    os.umask(0o022)  # others than root are to run it
    try:
        show("sums of all files", "tổng kiểm của mọi tệp")
        files = verified()
        facts = dict(json.loads((HERE / "bundle.json").read_text()), sums=sha256(HERE / "SHA256SUMS"))
        check_machine(facts)
        check_prefix(prefix, int(facts["disk_mib"]))
        locked(prefix)
        lacking = install(prefix, files, facts)
    except Refused as exc:
        print(exc, file=sys.stderr)
        return exc.exit_code
    except (OSError, KeyboardInterrupt) as exc:
        what = str(exc) or said("interrupted", "bị ngắt")
        print(Stopped(what, prefix, said("run this again", "chạy lại lệnh này")), file=sys.stderr)
        return Stopped.exit_code
    command = prefix / "bin" / "hatang"
    print(said(f"hatang {facts['version']} is installed: {command}", f"đã cài hatang {facts['version']}: {command}"))
    for part in lacking:
        print(said(f"this machine still lacks {part}", f"máy này còn thiếu {part}"))
    docs = prefix / "current" / "share" / "hatang" / "docs" / "how-to"
    print(said(f"next: {command} doctor, then read {docs / 'offline.md'}",
               f"tiếp theo: {command} doctor, rồi đọc {docs / 'offline.vi.md'}"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
