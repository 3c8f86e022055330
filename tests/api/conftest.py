"""A server of the API over a registry of its own: a court, a case's account, somebody who sells, 100 t of a forest."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from registry.api.app import guarded_app
from registry.api.runtime import Runtime
from registry.api.settings import Settings
from registry.store.access import SCOPES
from registry.store.clock import wall_us
from tests.api.everything import life
from tests.books import home, live_at
from tests.test_cli_ordering import courthouse

__all__ = ["courthouse", "home", "life"]

UNLIMITED = {
    "rate_read": "off",
    "rate_write": "off",
    "rate_read_login": "off",
    "rate_write_login": "off",
    "rate_bad_credentials": "off",
}
HOUR_US = 3_600_000_000


class Api:
    """A client of a server, and the registry behind it."""

    def __init__(self, runtime: Runtime, client: TestClient) -> None:
        self.runtime = runtime
        self.client = client
        source = runtime.source()
        self.accounts = {source.name_of(name): name for name in source.accounts()}
        self._numbers = count(1)
        self._logins: dict[str, dict[str, str]] = {}

    def login(self, name: str) -> dict[str, str]:
        """The header of somebody who speaks for the account, the same each time: an account has only so many keys."""
        if name not in self._logins:
            self._logins[name] = self.key(name)
        return self._logins[name]

    def key(self, *names: str, scopes: tuple[str, ...] = SCOPES) -> dict[str, str]:
        """The header of somebody who speaks for these accounts, named as they are called, or by id."""
        accounts = [self.accounts.get(name, name) for name in names]
        _, presented = self.runtime.access.make_key(
            accounts,
            [scope for scope in scopes if not (scope.startswith("act:") and "act" in scopes)],
            expires_us=wall_us() + HOUR_US,
            label="test",
            made_by="test",
            now_us=wall_us(),
            log_size=self.runtime.source().size(),
        )
        return {"Authorization": f"Bearer {presented}"}

    def officers(self) -> list[str]:
        """The accounts of the officers."""
        return self.runtime.operator.officers()

    def get(self, path: str, **asked: Any) -> Any:
        return self.client.get(path, **asked)

    def act(
        self,
        path: str,
        said: Mapping[str, Any],
        who: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
        **query: str,
    ) -> Any:
        """The answer to an act that is asked for under an Idempotency-Key, by default a new one."""
        headers = {"Idempotency-Key": key or f"test-{next(self._numbers)}", **(who or {})}
        return self.client.post(f"/v1{path}", json=said, headers=headers, params=query)


def settings(**more: Any) -> Settings:
    """Settings without limits on how often somebody asks."""
    return Settings(typed={**UNLIMITED, **more}, file={})  # type: ignore[call-arg]  # see Settings


@contextmanager
def served(place: Path, **more: Any) -> Iterator[Api]:
    """A server of the registry at `place`, which is as it was left before."""
    with closing(Runtime(place, settings(**more))) as runtime:
        app = guarded_app(runtime)
        with TestClient(app, raise_server_exceptions=False) as client:  # type: ignore[arg-type]  # an application, by another name
            yield Api(runtime, client)


@pytest.fixture(scope="module")
def api(courthouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server of a copy of the courthouse, for the tests of one file: they are not to mind what others leave."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(courthouse, base, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        context = served(base / "r")
        made = context.__enter__()
    try:
        yield made
    finally:
        context.__exit__(None, None, None)
