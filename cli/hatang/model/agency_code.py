"""Electronic identity codes of bodies: QĐ 20/2020/QĐ-TTg Art. 4, and the reversed form of QCVN 102:2016."""

from __future__ import annotations

import re

NEW_FORM = re.compile(r"(?=.{3,35}$)[A-Y][0-9]{2}(\.[0-9A-Z]+)*")
OLD_FORM = re.compile(r"(?=.{3,35}$)([0-9A-Z]+\.)*[A-Y][0-9]{2}")


def slug(code: str) -> str:
    """The code as it stands in names of cloud objects and files: `h17-01`."""
    return code.lower().replace(".", "-")


def normalise(text: str) -> str:
    """The code in the form of QĐ 20/2020: `H17.01`.

    The reversed form of QCVN 102:2016 (`000.00.01.H17`) is turned round; its parts that hold only zeros are
    placeholders for a missing tier and are left out.

    Raises:
        ValueError: neither form fits.
    """
    code = text.strip()
    if NEW_FORM.fullmatch(code):
        return code
    if OLD_FORM.fullmatch(code):
        first, *rest = reversed(code.split("."))
        return ".".join([first, *(part for part in rest if part.strip("0"))])
    raise ValueError(
        f"{text!r} is no identity code: expected a letter A–Y and two digits, then parts of 0–9 and A–Z "
        "joined by dots, at most 35 characters (H17.01), or the old reversed form (000.00.01.H17)"
    )
