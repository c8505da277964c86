"""A real OpenID provider in a process of its own, and the way through it as a browser goes."""

import html
import json
import re
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from joserfc import jwk

from tests.support.install_oidc import FOLDER, is_there

SCRIPT = Path(__file__).with_suffix(".mjs")
CLIENT_SECRET = "a client's secret, which needs to be long"
START_SECONDS_MAX = 30.0
STEPS_MAX = 12
REDIRECT_URI = "http://localhost/login/oidc/callback"

needed = pytest.mark.skipif(not is_there(), reason="the OpenID provider is not installed: node and npm are needed")


@dataclass
class OpenIdProvider:
    """A provider at a port of this machine; `people` are the claims of each user, by what they type as their name."""

    folder: Path
    port: int
    redirect_uris: list[str]
    groups_in_token: bool = True
    client_secret: str | None = CLIENT_SECRET
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """What Grove is told of it."""
        return {"oidc_issuer": self.issuer, "oidc_client_secret": self.client_secret}

    def know(self, name: str, **claims: Any) -> None:
        """Let somebody in from now on, with these claims."""
        self.people[name] = {"preferred_username": name, **claims}
        (self.folder / "people.json").write_text(json.dumps(self.people))

    def start(self) -> None:
        """Start with a new key, under a new name."""
        key = jwk.RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        how = "none" if self.client_secret is None else "client_secret_basic"
        client = {"client_id": "grove", "redirect_uris": self.redirect_uris, "token_endpoint_auth_method": how}
        told = {
            "issuer": self.issuer,
            "client": client | ({} if self.client_secret is None else {"client_secret": self.client_secret}),
            "keys": [key.as_dict(private=True)],
            "people": str(self.folder / "people.json"),
            "groupsInToken": self.groups_in_token,
        }
        self.know("nobody")
        node = shutil.which("node")
        assert node is not None
        package = FOLDER / "node_modules" / "oidc-provider" / "lib" / "index.js"
        with (self.folder / "provider.log").open("ab") as log:
            self.process = subprocess.Popen(
                [node, SCRIPT, package], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(told))
        self.process.stdin.close()
        assert select.select([self.process.stdout], [], [], START_SECONDS_MAX)[0], "the provider did not start"
        assert self.process.stdout.readline() == "ready\n", (self.folder / "provider.log").read_text()

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def sign_in(self, address: str, *, name: str) -> str:
        """Sign in at the address that Grove sends a browser to; the address that the browser is sent back to."""
        with httpx2.Client(follow_redirects=False, timeout=20, trust_env=False) as browser:
            answer = browser.get(address)
            for _ in range(STEPS_MAX):
                if answer.is_redirect:
                    target = urljoin(str(answer.url), answer.headers["location"])
                    if not target.startswith(self.issuer):
                        return target
                    answer = browser.get(target)
                    continue
                found = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
                assert answer.status_code == 200, answer.text
                assert found, answer.text
                fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
                answer = browser.post(
                    urljoin(str(answer.url), html.unescape(found[1])), data={**fields, "login": name, "password": "x"}
                )
        raise AssertionError("the way through the provider never ends")


@contextmanager
def running_provider(folder: Path, *, redirect_uri: str = REDIRECT_URI, **given: Any) -> Iterator[OpenIdProvider]:
    """A provider until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    provider = OpenIdProvider(folder=folder, port=port, redirect_uris=[redirect_uri], **given)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
