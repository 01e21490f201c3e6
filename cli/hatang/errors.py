"""Every error that a user may meet: what happened, where, and what to do next. Codes are stable.

Exit codes (style: commands): 1 a check failed or a difference was found; 2 wrong input, nothing changed;
3 refused by a rule or for want of an approval; 4 stopped on the way: run the same command again, it goes on.
"""

from __future__ import annotations

from typing import ClassVar


class HatangError(Exception):
    """Root of all expected failures.

    Args:
        what: what happened, one sentence, lower case, no full stop.
        where: file and line, resource, host or step.
        do: the remedy, what to type if possible.
    """

    code: ClassVar[str] = "E100"
    exit_code: ClassVar[int] = 4

    def __init__(self, what: str, *, where: str, do: str) -> None:
        self.what = what
        self.where = where
        self.do = do
        super().__init__(self.told("where:", "do:   "))

    @classmethod
    def meaning(cls) -> str:
        """What its code means: the first paragraph of the class's text."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def told(self, where: str, do: str) -> str:
        """The error for people, with these words before its place and its remedy."""
        return f"{self.what}\n  {where} {self.where}\n  {do} {self.do}"

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross the border of a durable workflow, which pickles them."""
        return (_rebuild, (type(self), self.what, self.where, self.do))

    def as_dict(self) -> dict[str, str | int]:
        """The error as data, for `--output json`."""
        return {"code": self.code, "what": self.what, "where": self.where, "do": self.do, "exit_code": self.exit_code}


def _rebuild(kind: type[HatangError], what: str, where: str, do: str) -> HatangError:
    return kind(what, where=where, do=do)


class InputError(HatangError):
    """A file, option or name that the user gave is wrong. Nothing was changed."""

    code = "E200"
    exit_code = 2


class InputErrors(InputError):
    """Several faults of one file at once, each an `InputError`."""

    code = "E201"

    def __init__(self, errors: list[InputError]) -> None:
        Exception.__init__(self, "\n".join(f"error {e.code}: {e}" for e in errors))
        self.errors = errors
        self.what = f"{len(errors)} faults"
        self.where = errors[0].where if errors else ""
        self.do = errors[0].do if errors else ""

    def __reduce__(self) -> tuple[object, ...]:
        return (InputErrors, (self.errors,))


class UnknownNameError(InputError):
    """A name that the registry or the catalogue does not hold."""

    code = "E202"


class QuotaError(InputError):
    """More is asked for than the agency's ceiling or the project's quota allows. Nothing was changed."""

    code = "E203"


class SettingsError(InputError):
    """A setting is missing, misspelt or of the wrong kind."""

    code = "E204"


class NameTakenError(InputError):
    """A name that must be the only one at the site is another's. Over the network it is not said whose."""

    code = "E205"


class RefusedError(HatangError):
    """A rule or a missing approval forbids it. Nothing was changed."""

    code = "E300"
    exit_code = 3


class PolicyError(RefusedError):
    """The policy pack found resources that break a control."""

    code = "E301"


class StepError(HatangError):
    """A step of the way stopped. Run the same command again: it goes on from the last finished step."""

    code = "E400"


class EngineError(StepError):
    """The Pulumi engine failed."""

    code = "E401"


class CloudError(StepError):
    """The cloud's API failed or gave an unexpected answer."""

    code = "E402"


class HostError(StepError):
    """A host did not come up, or hardening failed on it."""

    code = "E403"


class BusyError(StepError):
    """Another process is working on the same system."""

    code = "E404"


class MissingPartError(StepError):
    """A program or part that this command needs is not installed."""

    code = "E405"


class RegistryError(StepError):
    """The registry's database does not answer, or does not let this user in."""

    code = "E406"


class ServerError(StepError):
    """The server of hatang that --url names does not answer, or cannot now."""

    code = "E407"


class FencedError(BusyError):
    """This process held a system for too long without a sign of life, and another took it. It must write no more."""

    code = "E408"
