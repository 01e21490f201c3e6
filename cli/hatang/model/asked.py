"""The forms that a request file has."""

from __future__ import annotations

from hatang.model.interconnect import InterconnectFile
from hatang.model.reorganisation import Reorganisation
from hatang.model.request import RequestFile
from hatang.model.standing_request import StandingRequest

AnyRequest = RequestFile | StandingRequest | Reorganisation | InterconnectFile
