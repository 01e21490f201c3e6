"""What a plan means, in words for those who decide; the steps themselves follow in a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hatang.locale import _

if TYPE_CHECKING:
    from hatang.provision.effects import Effect

# By (kind, act, data). Rules, roles and the rest are counted, not named.
SENTENCES = {
    ("server", "made", ""): _("New servers: {names}."),
    ("server", "changed", "kept"): _("Servers that change in place, with their data: {names}."),
    ("server", "anew", "lost"): _(
        "Servers that are made anew: {names}. WHAT LIES ON THEIR OWN DISKS IS LOST; data volumes stay and are attached "
        "again. They cannot be reached meanwhile."
    ),
    ("server", "gone", "lost"): _("Servers that go, WITH ALL THAT LIES ON THEIR OWN DISKS: {names}."),
    ("volume", "made", ""): _("New, empty volumes: {names}."),
    ("volume", "moved", "kept"): _(
        "Volumes that get another type in place: {names}. Their data stay; Cinder moves them where it must."
    ),
    ("volume", "changed", "kept"): _("Volumes that change in place, with their data: {names}."),
    ("volume", "anew", "lost"): _(
        "Volumes that are made anew, EMPTY: {names}. Copy their data elsewhere before this is approved."
    ),
    ("volume", "gone", "lost"): _("Volumes that go, WITH THEIR DATA: {names}."),
    ("published", "made", ""): _("Reached from the Internet over HTTPS, each at a public address of its own: {names}."),
    ("published", "gone", ""): _(
        "No longer reached from the Internet: {names}. Their public addresses rest before anybody else gets them."
    ),
    ("published", "anew", ""): _("Reached from the Internet at another public address: {names}."),
    ("zone", "made", ""): _("New network zones: {names}."),
    ("zone", "gone", ""): _("Network zones that go: {names}."),
    ("zone", "anew", ""): _("Network zones that are made anew: {names}."),
    ("zone", "changed", ""): _("Network zones that change in place: {names}."),
    ("rule", "made", ""): _("Flows between zones: {n} rules more."),
    ("rule", "gone", ""): _("Flows between zones: {n} rules less."),
    ("rule", "anew", ""): _("Flows between zones: {n} rules made anew."),
    ("rule", "changed", ""): _("Flows between zones: {n} rules changed."),
    ("role", "made", ""): _("Rights of groups of the agency: {n} given."),
    ("role", "gone", ""): _("Rights of groups of the agency: {n} withdrawn."),
    ("role", "anew", ""): _("Rights of groups of the agency: {n} exchanged for others."),
    ("quota", "made", ""): _("The quota of the project is set."),
    ("quota", "changed", ""): _("The quota of the project follows."),
}
OTHER = _("{n} other things: {act}.")
ACTS = {"made": _("made"), "gone": _("gone"), "anew": _("made anew"), "changed": _("changed"), "moved": _("moved")}


def in_words(changes: list[dict[str, Any]], found: list[Effect], document_storage: bool = False) -> list[str]:
    """Sentences: first what is lost, then the level with what it asks for, then what becomes of all else.

    Args:
        changes: old against new, as `request show` has them: field, old, new.
        document_storage: whether QCVN 12:2026/BCA applies to the system as it shall be.
    """
    lost = [_sentence(e) for e in found if e.data.value == "lost"]
    others = [_sentence(e) for e in found if e.data.value != "lost"]
    return [*lost, *_level(changes, document_storage), *_kept(changes), *others]


def _kept(changes: list[dict[str, Any]]) -> list[str]:
    prefix = "system.kept_volumes."
    names = [c["field"].removeprefix(prefix) for c in changes if c["field"].startswith(prefix) and not c["old"]]
    text = _("Data volumes that stay without a server: {names}. Who is a member of the project can delete them.")
    return [text.format(names=", ".join(names))] if names else []


def _sentence(effect: Effect) -> str:
    text = SENTENCES.get((effect.kind, effect.act, effect.data.value))
    if text is None:
        return OTHER.format(n=len(effect.names), act=ACTS[effect.act])
    return text.format(names=", ".join(effect.names), n=len(effect.names))


def _level(changes: list[dict[str, Any]], stored: bool) -> list[str]:
    row = next((c for c in changes if c["field"] == "system.level"), None)
    if row is None:
        return []
    from hatang.catalogue import load
    from hatang.catalogue.compare import between_levels
    from hatang.model.terms import Level, applying

    found = between_levels(load().controls.values(), Level(int(row["old"])), Level(int(row["new"])), applying(stored))
    count = Counter(d.change for d in found)
    return [
        _("Level {old} → {new}. Requirements: {added} more, {stricter} stricter, {looser} looser, {dropped} less, "
          "{other} other; one by one: hatang control diff --level {old} --level {new}").format(
            old=row["old"], new=row["new"], **{k: count[k] for k in ("added", "stricter", "looser", "dropped", "other")}
        )
    ]  # fmt: skip
