"""A provider: found by its own description, asked for claims about whoever comes back with a code."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

from grove.accounts import Vouched
from grove.kit.logging import logger
from grove.oidc.asking import Answer, ask
from grove.oidc.errors import (
    CodeRefused,
    IdTokenInvalid,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderUnavailable,
    SignInInterrupted,
)
from grove.oidc.flow import Flow
from grove.oidc.id_token import Keys, KeyUnknown, read_id_token
from grove.oidc.model import ProviderConfig, claims_of, found_claim

DESCRIPTION_SECONDS = 3_600.0
"""For how long what a provider says of itself, and its keys, are taken as they were."""
OK = 200
log = logger(__name__)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Provider:
    """An OpenID provider; made without asking it anything, so that a server starts also while it is away.

    :raises ProviderMisconfigured: if its address is neither HTTPS nor on this machine.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._description: Mapping[str, Any] = {}
        self._described_at = -DESCRIPTION_SECONDS
        self._keys: Keys = ()
        self._keys_at = -DESCRIPTION_SECONDS
        if not self._may_be_asked(config.issuer):
            raise ProviderMisconfigured(setting="GROVE_OIDC_ISSUER", wanted="https://…")

    def address_for(self, flow: Flow, *, redirect_uri: str) -> str:
        """Where the browser goes to sign in.

        :raises ProviderUnavailable: if the provider does not describe itself.
        """
        address: str = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            client_id=self.config.client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=" ".join(self.config.scopes),
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=flow.challenge,
            code_challenge_method="S256",
        )
        return address

    def claims_for(self, flow: Flow, came_back: Mapping[str, str], *, redirect_uri: str, now: datetime) -> Vouched:
        """Who has come back from the provider; `came_back` is what its answer's address holds.

        :raises SignInInterrupted: if it is not the answer to this sign-in.
        :raises ProviderRefused: if the provider let nobody in.
        :raises CodeRefused: if the provider does not take the code.
        :raises IdTokenInvalid: if what it says cannot be believed.
        :raises ProviderUnavailable: if it does not answer as it should.
        """
        self._require_answer_to(flow, came_back)
        answer = self._exchange(came_back["code"], verifier=flow.verifier, redirect_uri=redirect_uri)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise IdTokenInvalid(reason="there is none")
        shown = access_token if isinstance(access_token, str) else None
        told = self._read(id_token, flow=flow, access_token=shown, now=int(now.timestamp()))
        if shown is not None and found_claim(told, self.config.groups_claim) is None:
            told = {**self._user_info(shown, subject=told["sub"]), **told}
        return claims_of(told, groups_claim=self.config.groups_claim)

    def _require_answer_to(self, flow: Flow, came_back: Mapping[str, str]) -> None:
        """Refuse what another browser began, or another provider answers (RFC 9207)."""
        if not flow.is_state(came_back.get("state", "")):
            raise SignInInterrupted
        issuer = came_back.get("iss")
        says_issuer = self._described().get("authorization_response_iss_parameter_supported") is True
        if issuer != self.config.issuer and (issuer is not None or says_issuer):
            raise SignInInterrupted(reason="another provider answers")
        if "error" in came_back:
            raise ProviderRefused(reason=came_back["error"][:100])
        if not came_back.get("code"):
            raise SignInInterrupted(reason="no code")

    def _exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        config = self.config
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        form |= {"code_verifier": verifier, "client_id": config.client_id}
        methods = self._described().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = None
        if config.client_secret is not None and "client_secret_basic" in methods:
            basic = (quote(config.client_id, safe=""), quote(config.client_secret, safe=""))
        elif config.client_secret is not None:
            form["client_secret"] = config.client_secret
        answer = ask(self._endpoint("token_endpoint"), ca_file=config.ca_file, form=form, basic=basic)
        if answer.document.get("error") == "invalid_grant":
            raise CodeRefused
        return _document(answer)

    def _read(self, token: str, *, flow: Flow, access_token: str | None, now: int) -> dict[str, Any]:
        expected = {"iss": self.config.issuer, "client_id": self.config.client_id, "nonce": flow.nonce}
        for anew in (False, True):  # a token comes from the provider itself: nobody else can have its keys asked for
            keys = self._known_keys(anew=anew)
            try:
                return read_id_token(token, keys=keys, expected=expected, access_token=access_token, now=now)
            except KeyUnknown:
                continue
        raise IdTokenInvalid(reason="no key of the provider's")

    def _user_info(self, access_token: str, *, subject: str) -> Mapping[str, Any]:
        if "userinfo_endpoint" not in self._described():
            return {}
        told = _document(ask(self._endpoint("userinfo_endpoint"), ca_file=self.config.ca_file, bearer=access_token))
        if told.get("sub") != subject:
            raise IdTokenInvalid(reason="the user info is somebody else's")
        return told

    def _described(self) -> Mapping[str, Any]:
        """What the provider says of itself; the last that it said while it is away."""
        with self._lock:
            if time.monotonic() - self._described_at < DESCRIPTION_SECONDS:
                return self._description
        address = self.config.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            told = _document(ask(address, ca_file=self.config.ca_file))
            if told.get("issuer") != self.config.issuer:
                raise ProviderUnavailable(reason="it describes another issuer")  # noqa: TRY301 - kept if known before
        except ProviderUnavailable as away:
            if not self._description:
                raise
            log.warning("oidc_description_old", reason=str(away))
            told = self._description
        with self._lock:
            self._description, self._described_at = told, time.monotonic()
        return told

    def _known_keys(self, *, anew: bool) -> Keys:
        with self._lock:
            if not anew and time.monotonic() - self._keys_at < DESCRIPTION_SECONDS:
                return self._keys
        found = _document(ask(self._endpoint("jwks_uri"), ca_file=self.config.ca_file)).get("keys")
        keys = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
        with self._lock:
            self._keys, self._keys_at = keys, time.monotonic()
        return keys

    def _endpoint(self, name: str) -> str:
        address = self._described().get(name)
        if not isinstance(address, str) or not self._may_be_asked(address):
            raise ProviderUnavailable(reason=f"{name} is not an address that may be asked")
        return address

    def _may_be_asked(self, address: str) -> bool:
        """Whether it is HTTPS, or, where the provider is on this machine, there too."""
        try:
            parts = urlsplit(address)
            is_here = urlsplit(self.config.issuer).hostname in _LOOPBACK and parts.hostname in _LOOPBACK
        except ValueError:
            return False
        return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


def _document(answer: Answer) -> Mapping[str, Any]:
    if answer.status != OK:
        raise ProviderUnavailable(status=answer.status, reason=str(answer.document.get("error", ""))[:100])
    return answer.document
