"""Looks at every prerequisite and part: is it there, which version, is it real. Changes nothing, starts nothing."""

from hatang.doctor.looks import Finding, State
from hatang.doctor.report import examine

__all__ = ["Finding", "State", "examine"]
