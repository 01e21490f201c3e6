"""What oslo.policy does again at each of some ten checks in a request, done once; it is a tenth of Neutron's time.

It looks whether a policy file changed (here they change with a start alone), goes through all rules for those that are
missing, and asks the inspector how many arguments a check takes.
"""

from __future__ import annotations

import inspect
import threading
from typing import Any

from oslo_policy import _checks, policy


def install() -> None:
    """Before the service is loaded."""
    _load_once()
    _inspect_once()


def _load_once() -> None:
    """Again only when a rule has been registered since, or by force; one thread at a time.

    An enforce() may add missing rules while another thread iterates over them (Glance has one enforcer per controller).
    """
    lock, load_rules = threading.RLock(), policy.Enforcer.load_rules

    def loaded(self, force_reload: bool = False) -> None:
        registered = self.registered_rules  # another dictionary after clear()
        last: Any = getattr(self, "_hatang_loaded", None)
        if last and last[0] is registered and last[1] == len(registered) and not force_reload:
            return
        with lock:
            count = len(registered)
            load_rules(self, force_reload)
            self._hatang_loaded = registered, count

    policy.Enforcer.load_rules = loaded


def _inspect_once() -> None:
    """Whether checks of a class are also told the name of the rule, as all newer ones are."""
    told: dict[type, bool] = {}

    def check(rule: Any, target: Any, creds: Any, enforcer: Any, current_rule: str | None) -> bool:
        kind = type(rule)
        if kind not in told:
            told[kind] = len(inspect.getfullargspec(kind.__call__).args) > 4
        known = (target, creds, enforcer)
        return rule(*known, current_rule) if told[kind] else rule(*known)

    _checks._check = check
