"""Kinds of wrong entry: what is written instead of what, in which file, the line of the fault, words of the message."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hatang.catalogue.loader import CONTROLS


@dataclass(frozen=True)
class Wrong:
    """One change that makes a right file wrong."""

    old: str
    new: str
    line: int
    words: str
    base: str = "LOG-10"
    times: int = 1

    def write(self, folder: Path) -> Path:
        """The file with the change."""
        text = (CONTROLS / f"{self.base}.yaml").read_text(encoding="utf-8")
        assert self.old in text, self.old
        file = folder / f"{self.base}.yaml"
        file.write_text(text.replace(self.old, self.new, self.times), encoding="utf-8")
        return file


def _sources() -> str:
    text = (CONTROLS / "LOG-10.yaml").read_text(encoding="utf-8")
    return text[text.index("sources:") : text.index("verified_by:")]


ENGLISH = '  en: "Minimum log retention"\n'
TABLE_CLAUSE = '    clause: "4/5/6/7.8.2.1 a"\n'
VERIFIED = "verified_by: [host]"
DOCUMENT = 'evidence:\n  document: {vi: "x", en: "x"}\n  interval: 12\n  owner: operator'
REASON = 'outside_reason: {vi: "x", en: "x"}'
# Found by the model.
BY_MODEL = {
    "level left out": Wrong("{L1: null, L2: 1,", "{L1: null,", 13, "Field required"),
    "unknown level": Wrong("L5: 12}", "L5: 12, L6: 12}", 13, "Extra inputs"),
    "unknown field": Wrong("unit: months", "unit: months\nseverity: high", 7, "Extra inputs"),
    "no mark": Wrong("    mark: B2\n", "", 10, "Field required"),
    "mark that does not exist": Wrong("mark: B2", "mark: B3", 12, "'A', 'B2', 'B1'"),
    "no clause": Wrong(TABLE_CLAUSE, "", 10, "Field required"),
    "no unit": Wrong("unit: months\n", "", 1, "Field required"),
    "unknown unit": Wrong("unit: months", "unit: moons", 6, "'months'"),
    "unknown strength": Wrong("strength: must", "strength: should", 7, "must-or-equivalent"),
    "unknown rule": Wrong("combine: max", "combine: greatest", 8, "'max', 'min'"),
    "value of another kind": Wrong("L3: 3", "L3: three", 13, "does not go with `combine: max`"),
    "true where a number is due": Wrong("L3: 3", "L3: true", 13, "does not go with `combine: max`"),
    "demand without value where yes or no is due": Wrong("L5: true", "L5: unstated", 13, "`combine: any`", "CFG-02"),
    "word that is no step": Wrong("L5: physical", "L5: absolute", 17, "does not go with `combine: ordered`", "HST-01"),
    "title in one language": Wrong(ENGLISH, "", 3, "Field required"),
    "no source": Wrong(_sources(), "sources: {}\n", 9, "at least 1 item"),
    "unknown way of verifying": Wrong(VERIFIED, "verified_by: [machine]", 19, "'host', 'cloud'"),
    "way of verifying twice": Wrong(VERIFIED, "verified_by: [host, host]", 19, "stands there twice"),
    "evidence without a document": Wrong(VERIFIED, "verified_by: [host, evidence]", 19, "go together"),
    "document that nobody asks for": Wrong(VERIFIED, f"{VERIFIED}\n{DOCUMENT}", 19, "go together"),
    "document that nobody owns": Wrong("  owner: operator\n", "", 20, "Field required", "ACC-07"),
    "owner who does not exist": Wrong("owner: operator", "owner: somebody", 25, "'security-unit'", "ACC-07"),
    "interval that is none": Wrong("interval: 3", "interval: 0", 24, "a month or more", "ACC-07"),
    "values that are no interval": Wrong("interval: 3", "interval: value", 24, "no interval in months", "ACC-07"),
    "outside without a reason": Wrong(VERIFIED, "verified_by: [outside]", 19, "go together"),
    "outside with a check": Wrong(VERIFIED, f"verified_by: [outside]\n{REASON}", 19, "has no check"),
    "remark in one language": Wrong('          en: "Ordinary software."\n', "", 20, "Field required", "SES-01"),
    "remark on a level that there is not": Wrong("levels: [2, 3, 4, 5]", "levels: [2, 6]", 15, "1, 2, 3, 4", "AUT-13"),
    "claims to be verified": Wrong(
        "verified_by:", "verified_against_original: true\nverified_by:", 19, "should be False"
    ),
    "id of another shape": Wrong("id: LOG-10", "id: log10", 2, "String should match pattern"),
    "id unlike the file's name": Wrong("id: LOG-10", "id: LOG-11", 2, "differs from the file's name"),
    "variable without a value for absence": Wrong(
        "  absent: {logging_retention_months: 1}\n", "", 20, "needs a value"
    ),
    "not YAML": Wrong("title:", "title: [", 5, "not valid YAML"),
}  # fmt: skip
# Found by the linter, which knows the other folders.
CHECK, VARIABLE = "test_logging.py::test_retention", "logging_retention_months"
ALL, SILENT = "{L1: 12, L2: 12, L3: 12, L4: 12, L5: 12}", "{L1: null, L2: null, L3: null, L4: null, L5: null}"
LEGACY = '  tcvn11930_2017:\n    clause: "7.2.1.4"\n    mark: C\n'
OWN = 'own_value: {value: 3, unit: months, why: {vi: "x", en: "x"}}\n'
BY_LINTER = {
    "unknown source": Wrong("  qcvn12_2026:", "  qcvn13_2026:", 14, "no source is called qcvn13_2026"),
    "mark that the source does not carry": Wrong("mark: B2", "mark: A", 12, "mark A does not go with tcvn14423_2026"),
    "mark that decides nothing": Wrong(
        f"  tcvn14423_2026:\n{TABLE_CLAUSE}    mark: B2\n", LEGACY, 12, "of mark C may decide nothing"
    ),
    "source that is silent": Wrong(ALL, SILENT, 18, "silent at every level"),
    "source of some systems, for all": Wrong(
        "    applies_to: document_storage\n", "", 14, "applies to document_storage"
    ),
    "unit that is none": Wrong("unit: months", "unit: yes/no", 6, "unit yes/no does not go with"),
    "order that orders nothing": Wrong("combine: max", "combine: max\norder: [a]", 8, "`order` does not go with"),
    "word that nobody explains": Wrong(
        '  physical: {vi: "vật lý", en: "physical"}\n', "", 10, "nobody explains the value physical", "HST-01"
    ),
    "word that is no value": Wrong("words:\n", 'words:\n  x: {vi: "x", en: "x"}\n', 11, "which is no value", "HST-01"),
    "number of ours that nobody needs": Wrong("note:\n", f"{OWN}note:\n", 27, "every source names its own"),
    "role that gets no number": Wrong("L3: 3", "L3: unstated", 22, "a source says unstated"),
    "check that does not exist": Wrong(CHECK, "test_logging.py::test_keeping", 24, "no check is called"),
    "check of another control": Wrong(
        CHECK, "test_logging.py::test_logs_are_forwarded", 24, "is marked with LOG-08"
    ),
    "check that would never count": Wrong(VERIFIED, "verified_by: [registry]", 19, "verified_by lacks host"),
    "role that does not exist": Wrong("role: logging", "role: journal", 21, "no role is called journal"),
    "variable that does not exist": Wrong(VARIABLE, "logging_retention_weeks", 22, "has no variable", times=-1),
    "variable taken from nowhere": Wrong(f"{VARIABLE}: value", f"{VARIABLE}: valeu", 22, "which is nothing"),
    "stack that does not exist": Wrong("role: logging", "role: logging\n  stack: xyz", 22, "no stack is called xyz"),
}  # fmt: skip
# In sources.yaml: what is written instead of what, the line from the start of the entry, words of the message.
IN_SOURCES = {
    "date of another shape": ('in_force: "2026-08-19"', 'in_force: "19/8/2026"', "should match pattern"),
    "deadline that is no day": ('day: "12-14"', 'day: "12-41"', "should match pattern"),
    "way of reading that is none": ("how: reproduction", "how: heard", "'reproduction'"),
    "source replaced by nothing": ("replaced_by: nd331_2026", "replaced_by: nd999_2099", "which is no source"),
    "source that says nothing of its reading": ("  read:\n", "  heard:\n", "Field required"),
    "source that claims to be verified": (
        "verified_against_original: false", "verified_against_original: true", "should be False"
    ),
}  # fmt: skip
