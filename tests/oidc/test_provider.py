"""A provider that answers wrongly: each time as one test has it, on a real port."""

import json
import threading
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwk, jwt

from grove.accounts import Vouched
from grove.oidc import (
    CodeRefused,
    Flow,
    IdTokenInvalid,
    Provider,
    ProviderConfig,
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInInterrupted,
)
from grove.oidc.model import claims_of

KEY = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
BACK = "http://localhost/login/oidc/callback"
Answers = dict[str, Any]


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """A provider that answers as it is told, by path; its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = answers.get(self.path)
            status, body = told if isinstance(told, tuple) else (200 if told is not None else 404, told or {})
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()
            self.wfile.write(content)

        do_GET = answer  # noqa: N815 - as the base class names it
        do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        answers["/.well-known/openid-configuration"] = {
            "issuer": address,
            "authorization_endpoint": f"{address}/auth",
            "token_endpoint": f"{address}/token",
            "userinfo_endpoint": f"{address}/me",
            "jwks_uri": f"{address}/jwks",
        }
        answers["/jwks"] = {"keys": [dict(KEY.as_dict(private=False)), "nonsense"]}
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()


def provider_at(issuer: str) -> Provider:
    config = ProviderConfig(
        issuer=issuer, client_id="grove", client_secret="s3cret", scopes=("openid",), groups_claim="groups"
    )
    return Provider(config)


def token_for(flow: Flow, issuer: str, **claims: Any) -> str:
    now = int(clock.time())
    told = {"iss": issuer, "aud": "grove", "sub": "ada", "nonce": flow.nonce, "iat": now, "exp": now + 60, **claims}
    return jwt.encode({"alg": "RS256", "kid": "one"}, told, KEY)


def come_back(provider: Provider, flow: Flow, **answer: str) -> Vouched:
    return provider.claims_for(
        flow, {"state": flow.state, "code": "c", **answer}, redirect_uri=BACK, now=datetime.now(UTC)
    )


class TestAProvider:
    def test_vouches_with_claims_of_token_and_user_info(self) -> None:
        answers: Answers = {"/me": {"sub": "ada", "groups": ["a"], "email": "a@b.c", "email_verified": True}}
        with answering(answers) as issuer:
            flow = Flow.new()
            answers["/token"] = {"id_token": token_for(flow, issuer), "access_token": "t"}
            told = come_back(provider_at(issuer), flow)
        assert (told.subject, told.groups, told.email) == ("ada", frozenset({"a"}), "a@b.c")

    @pytest.mark.parametrize(
        ("spoil", "error"),
        [
            (lambda answers: answers.update({"/token": (400, {"error": "invalid_grant"})}), CodeRefused),
            (lambda answers: answers.update({"/token": (401, {"error": "invalid_client"})}), ProviderUnavailable),
            (lambda answers: answers.update({"/token": (302, {})}), ProviderUnavailable),
            (lambda answers: answers.update({"/token": b"<html>"}), ProviderUnavailable),
            (lambda answers: answers.update({"/token": b"[" * 100_000}), ProviderUnavailable),
            (lambda answers: answers.update({"/token": b"[]"}), ProviderUnavailable),
            (lambda answers: answers.update({"/token": b" " * 1_100_000 + b"{}"}), ProviderUnavailable),
            (lambda answers: answers.update({"/token": {"access_token": "t"}}), IdTokenInvalid),
            (lambda answers: answers.update({"/token": {"id_token": ["x"]}}), IdTokenInvalid),
            (lambda answers: answers.update({"/me": {"sub": "eve", "groups": ["admins"]}}), IdTokenInvalid),
            (lambda answers: answers.update({"/jwks": {"keys": []}}), IdTokenInvalid),
            (lambda answers: answers.update({"/jwks": {"keys": "x"}}), IdTokenInvalid),
            (lambda answers: answers.update({"/jwks": (500, {})}), ProviderUnavailable),
            (
                lambda answers: answers["/.well-known/openid-configuration"].update({"issuer": "https://evil.test"}),
                ProviderUnavailable,
            ),
            (
                lambda answers: answers["/.well-known/openid-configuration"].update(
                    {"token_endpoint": "http://169.254.169.254/latest"}
                ),
                ProviderUnavailable,
            ),
            (
                lambda answers: answers["/.well-known/openid-configuration"].update(
                    {"authorization_response_iss_parameter_supported": True}
                ),
                SignInInterrupted,
            ),
        ],
    )
    def test_is_not_believed_when_it_answers_wrongly(
        self, spoil: Callable[[Answers], None], error: type[Exception]
    ) -> None:
        answers: Answers = {"/me": {"sub": "ada"}}
        with answering(answers) as issuer:
            flow = Flow.new()
            answers["/token"] = {"id_token": token_for(flow, issuer), "access_token": "t"}
            spoil(answers)
            with pytest.raises(error) as refused:
                come_back(provider_at(issuer), flow)
        assert "s3cret" not in str(refused.value)

    def test_answers_this_sign_in_and_no_other(self) -> None:
        answers: Answers = {"/me": {"sub": "ada"}}
        with answering(answers) as issuer:
            mine, other = Flow.new(), Flow.new()
            provider = provider_at(issuer)
            answers["/token"] = {"id_token": token_for(other, issuer), "access_token": "t"}
            with pytest.raises(IdTokenInvalid):
                come_back(provider, mine)
            for answer in ({"state": other.state}, {"state": ""}, {"code": ""}, {"iss": "https://evil.test"}):
                with pytest.raises(SignInInterrupted):
                    come_back(provider, mine, **answer)

    @pytest.mark.parametrize("issuer", ["http://login.example.org", "ftp://x", "login.example.org", "https://", "//x"])
    def test_has_an_address_that_may_be_asked(self, issuer: str) -> None:
        with pytest.raises(ProviderMisconfigured):
            provider_at(issuer)


class TestAFlow:
    def test_derives_all_that_is_checked_from_one_secret(self) -> None:
        flow = Flow.new()
        parts = {flow.state, flow.nonce, flow.verifier, flow.challenge}
        assert len(parts) == 4
        assert Flow(flow.secret).verifier == flow.verifier
        assert 43 <= len(flow.verifier) <= 128
        assert flow.secret not in repr(flow)


class TestClaims:
    def test_are_read_with_care(self) -> None:
        told = {"iss": "i", "sub": "s", "preferred_username": "a\n\u202eda\x00 ", "email": "x@y.z"}
        vouched = claims_of({**told, "realm_access": {"roles": ["a", 7]}}, groups_claim="realm_access.roles")
        assert vouched.name == "ada"
        assert vouched.email is None
        assert vouched.groups == frozenset({"a", "7"})
        many = [*(f"g{number}" for number in range(2_000)), "admins"]
        assert "admins" in claims_of({**told, "groups": many}, groups_claim="groups").groups
        assert claims_of({**told, "groups": {"admin": 1}}, groups_claim="groups").groups == frozenset()
        assert claims_of({"iss": "i", "sub": "s"}, groups_claim="groups").name == "s"
        assert claims_of({**told, "https://x.y/g": "one"}, groups_claim="https://x.y/g").groups == frozenset({"one"})
