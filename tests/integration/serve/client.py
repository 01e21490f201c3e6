"""The command on the machine of somebody who has no registry: a server is asked, as whom clouds.yaml says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hatang.commands.root import run

if TYPE_CHECKING:
    from .conftest import Server


class Client:
    """`hatang` on the machine of somebody who has no registry; within this process, since each start takes a second."""

    def __init__(
        self, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
        more: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self._capsys, self._patch = folder, capsys, monkeypatch
        clouds = {
            key: {
                "auth": {
                    "auth_url": server.persons.url, "username": who.name, "password": who.password,
                    "user_domain_name": who.domain, "domain_name": who.domain,
                }
            }
            for key, who in server.persons.users.items()
        }  # fmt: skip
        file = folder / "clouds.yaml"
        file.touch(mode=0o600)
        file.write_text(yaml.safe_dump({"clouds": clouds | (more or {})}))
        self.env = {
            "OS_CLIENT_CONFIG_FILE": str(file), "HATANG_URL": server.url, "HATANG_CA_FILE": str(server.root),
        }  # fmt: skip
        for name in [n for n in os.environ if n.startswith(("OS_", "HATANG_"))]:
            monkeypatch.delenv(name)

    @property
    def argv(self) -> list[str]:
        return ["--state", str(self.folder / "state"), "--lang", "en"]

    def __call__(self, who: str, *words: str, code: int = 0, **env: str) -> tuple[str, str]:
        """What it wrote to stdout and stderr."""
        for name, value in (self.env | {"OS_CLOUD": who} | env).items():
            self._patch.setenv(name, value)
        ended = run([*self.argv, *words])
        out, err = self._capsys.readouterr()
        assert ended == code, (words, ended, out, err)
        return out, err

    def json(self, who: str, *words: str) -> Any:
        return json.loads(self(who, *words, "--output", "json")[0])
