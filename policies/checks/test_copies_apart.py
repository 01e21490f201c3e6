"""Copies on the site's store: the host can neither change nor remove them, and what opens them lies elsewhere."""

from __future__ import annotations

import hashlib
import re

import pytest

from hatang.policies.checks.expected import Ask, Expected
from hatang.policies.checks.test_backup import KEY, ON_STORE, STATE, copies

LOGIN = "/etc/hatang-backup.ssh"
# Then hatang's copies are no such copies; whether others are, nothing on the host tells.
NO_STORE = "the site names no store of copies (services.backup_store): a document must show others, apart"
NEEDS_STORE = pytest.mark.needs("backup_store_address", NO_STORE)
ALIAS = "hatang-store"
CONTENTS = b"a trial of hatang\n"  # always the same: it is put there once, as a file that restic might have written
NAME = hashlib.sha256(CONTENTS).hexdigest()
# What leads to the store as ssh itself reads its settings, and the addresses of this host.
WAY = (
    f"ssh -G {ALIAS} | grep -E '^(hostname|port|user|hostkeyalias|proxy(command|jump)|stricthostkeychecking|"
    "(user|global)knownhostsfile) ';"
    " grep -v '^#' /etc/hatang-store.known | sed 's/^/known /';"
    " ip -o addr | sed -n 's|^.* inet6* \\([0-9a-f.:]*\\)/.*|own \\1|p'"
)
# A file is put there, written over and removed, and each time read back.
TRIAL = (
    f"p=$(sed 's/^{ON_STORE}//' {STATE}/where); t=$p/data/{NAME[:2]}/{NAME};"
    " d=$(mktemp -d /run/hatang-trial-XXXXXX); cd $d;"
    f" printf '{CONTENTS.decode().strip()}\\n' > right; echo another > wrong;"
    ' printf \'%s\\n\' "-put right $t-restic-temp-0" "-rename $t-restic-temp-0 $t" "-rm $t-restic-temp-0"'
    ' "-get $t put" "-put wrong $t" "-get $t over" "-rm $t" "-get $t removed"'
    f" | sftp -q -b - {ALIAS} > said 2>&1 || true;"
    " for f in put over removed; do cmp -s right $f && echo kept $f; done; grep -v '^sftp>' said | sed 's/^/said /';"
    " cd /; rm -rf $d; true"
)
# Whether the keys are in the newest copy, or in something small that is copied; and what lies beside the repositories.
KEYS = (
    f"export RESTIC_PASSWORD_FILE={KEY}; r=$(cat {STATE}/where); p=${{r#{ON_STORE}}}; h=${{p%%/*}};"
    f" timeout 40 restic -q --no-lock --no-cache -r $r ls latest {KEY} {LOGIN} | grep '^/' | sed 's/^/copied /';"
    " paths=$(sed -n 's/^PATHS=//p' /etc/hatang-backup.conf | tr -d '\"');"
    f" find $paths -type f -size -33 ! -path {KEY} ! -path {LOGIN} -exec grep -lsF -f {KEY} {{}} + | sed 's/^/holds /';"
    f' echo "ls -1 $h" | sftp -q -b - {ALIAS} 2>&1 | sed -n "s|^.*$h/|beside |p"; true'
)
REPOSITORY = re.compile(r"\d{4}-\d{2}(-\d{2}\.\d{6})?")


def lines(said: str, word: str) -> list[str]:
    """Texts of all lines that begin with the word."""
    return re.findall(rf"^{word} (.*)$", said, re.M)


@pytest.mark.control("BKP-09")
@NEEDS_STORE
def test_a_copy_lies_where_the_host_cannot_change_it(value: bool, expected: Expected, ask: Ask) -> None:
    """On the site's store, known by its key, which is not the host, a file can be neither written over nor removed."""
    store = {
        k: str(expected.variables.get(f"backup_store_{k}", "")) for k in ("address", "port", "account", "host_key")
    }
    copies(ask, expected)
    said = ask(WAY)
    led = {word: next(iter(lines(said, word)), "") for word in ("hostname", "port", "user", "hostkeyalias")}
    wanted = {"hostname": store["address"], "port": store["port"], "user": store["account"], "hostkeyalias": ALIAS}
    assert led == wanted, f"what is called the store is {led['user']} at {led['hostname']} port {led['port']}"
    around = [*lines(said, "proxycommand"), *lines(said, "proxyjump")]
    assert not [a for a in around if a != "none"], f"the way to the store leads through {around[0]}"
    assert store["address"] not in lines(said, "own"), "the store is this host itself"
    files = {*lines(said, "userknownhostsfile"), *lines(said, "globalknownhostsfile")}
    assert lines(said, "stricthostkeychecking") == ["true"] and files == {"/etc/hatang-store.known", "/dev/null"}, (
        "anybody may pass for the store"
    )
    known = lines(said, "known")
    assert known == [f"{ALIAS} {store['host_key']}"], "the store is known by another key than the site names"
    said = ask(TRIAL)
    kept = lines(said, "kept")
    assert "put" in kept, f"the store takes no file: {' '.join(lines(said, 'said')[:1])[:200]}"
    assert "over" in kept, "a file on the store can be written over from the host"
    assert "removed" in kept, "a file on the store can be removed from the host"


@pytest.mark.control("BKP-11")
@NEEDS_STORE
def test_keys_are_kept_apart_from_copies(value: bool, expected: Expected, ask: Ask) -> None:
    """Copies lie on the site's store; what opens them is in none of them, in nothing that is copied, and not there."""
    copies(ask, expected)
    said = ask(KEYS)
    copied = lines(said, "copied")
    assert not copied, f"the newest copy holds {', '.join(copied)}"
    holds = lines(said, "holds")
    assert not holds, f"the key stands in {', '.join(holds)}, which is copied"
    beside = lines(said, "beside")
    assert beside, "the store shows nothing"
    strange = [name for name in beside if not REPOSITORY.fullmatch(name)]
    assert not strange, f"beside the copies lies {', '.join(strange)}"
