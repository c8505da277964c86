"""A stand-in of GitHub's API for apps: it believes statements that are signed and in time, and makes tokens."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.canary import CANARY
from tests.support.git_server import GitServer, Raw

APP = "4711"
OLD, NEW = "/api/v3/repos/acme/pay", "/api/v3/repositories/77"
"""Where the repository is, and where it is known by its number."""
STATEMENT_SECONDS_MAX = 600


def new_key() -> str:
    """A private key of an app, as GitHub gives it out."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


@dataclass
class AppForge:
    """GitHub with one app, which is installed on `acme/pay`; its tokens open that repository for git."""

    server: GitServer
    key: str
    skew: timedelta = timedelta()
    lifetime: timedelta = timedelta(hours=1)
    is_installed: bool = True
    is_believed: bool = True
    """Whether its git servers know the tokens that it makes."""
    is_renamed: bool = False
    """Whether `acme/pay` is `acme/payments` by now, and known by its number."""
    always: Raw | None = None
    wanted: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __call__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any] | Raw:
        self.asked.append(f"{method} {target}")
        if self.always is not None:
            return self.always
        return self.answer(method, target, headers.get("Authorization", "").removeprefix("Bearer "), body)

    def answer(self, method: str, target: str, shown: str, body: bytes) -> tuple[int, Any] | Raw:
        """What GitHub says to whoever shows that."""
        if self.is_renamed and target.startswith(OLD):
            return Raw(301, {"Location": self.server.url(target.removeprefix("/").replace(OLD[1:], NEW[1:]))})
        if target in {OLD, NEW}:
            if shown != self.server.behaviour.token:
                return 401, {"message": "Bad credentials"}
            name = "acme/payments" if self.is_renamed else "acme/pay"
            return 200, {"full_name": name, "private": True, "visibility": "private", "size": 1}
        if not self._believes(shown):
            date = format_datetime(datetime.now(UTC) + self.skew, usegmt=True)
            return Raw(401, {"Date": date}, b'{"message": "A JSON web token could not be decoded"}')
        return self.answer_app(method, target, body)

    def answer_app(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """What GitHub says to the app."""
        if target in {f"{OLD}/installation", f"{NEW}/installation"} and self.is_installed:
            return 200, {"id": 99, "app_id": int(APP)}
        if (method, target) == ("POST", "/api/v3/app/installations/99/access_tokens"):
            self.wanted.append(json.loads(body))
            if self.is_renamed and "repositories" in self.wanted[-1]:
                return 422, {"message": "There is at least one repository that does not exist"}
            token = f"{CANARY}{len(self.wanted):010}"
            if self.is_believed:
                self.server.behaviour.token = token
            ends_at = datetime.now(UTC) + self.skew + self.lifetime
            return 201, {"token": token, "expires_at": ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return 404, {"message": "Not Found"}

    def _believes(self, statement: str) -> bool:
        public = serialization.load_pem_private_key(self.key.encode(), password=None).public_key()
        checks = {"verify_exp": False, "verify_iat": False}
        try:
            claims = jwt.decode(statement, public, algorithms=["RS256"], options=checks)  # type: ignore[arg-type]
        except jwt.PyJWTError:
            return False
        now = (datetime.now(UTC) + self.skew).timestamp()
        in_time = claims["iat"] <= now < claims["exp"] <= now + STATEMENT_SECONDS_MAX
        return bool(in_time and claims["iss"] == APP)
