"""What is believed of an ID token: nothing but what this provider has signed for us, for now, and for this sign-in."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwe, jwk, jwt

from grove.oidc import IdTokenInvalid
from grove.oidc.id_token import KeyUnknown, read_id_token

NOW = int(time.time())
ISSUER = "https://login.example.org"
KEY = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = jwk.ECKey.generate_key("P-256", {"kid": "curve"})
EXPECTED = {"iss": ISSUER, "client_id": "grove", "nonce": "n-1"}
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "grove",
    "sub": "ada",
    "nonce": "n-1",
    "iat": NOW,
    "exp": NOW + 300,
}


def public(*keys: Any) -> list[dict[str, Any]]:
    return [dict(key.as_dict(private=False)) for key in keys]


def signed(claims: dict[str, Any], *, key: Any = KEY, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "one", **header}, claims, key, algorithms=[alg])


def read(token: str, *, keys: list[dict[str, Any]] | None = None, access_token: str | None = None) -> dict[str, Any]:
    known = public(KEY, CURVE) if keys is None else keys
    return read_id_token(token, keys=known, expected=EXPECTED, access_token=access_token, now=NOW)


def raw(header: Any, claims: Any, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def truly_signed(header: Any, claims: Any = GOOD, *, key: jwk.RSAKey = KEY) -> str:
    """What no library would make: whatever it says, its RS256 signature is right."""
    unsigned = raw(header, claims).rstrip(".")
    assert key.private_key is not None
    signature = key.private_key.sign(unsigned.encode(), PKCS1v15(), SHA256())
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


class TestAnIdToken:
    def test_is_believed_when_all_of_it_is_right(self) -> None:
        assert read(signed(GOOD))["sub"] == "ada"
        assert read(signed(GOOD, key=CURVE, alg="ES256", kid="curve"))["sub"] == "ada"
        assert read(signed({**GOOD, "aud": ["grove"]}))["sub"] == "ada"
        assert read(signed({**GOOD, "aud": ["grove", "other"], "azp": "grove"}))["sub"] == "ada"

    @pytest.mark.parametrize("off", [-55, 55])
    def test_allows_for_clocks_that_differ_a_little(self, off: int) -> None:
        claims = {**GOOD, "iat": NOW + off, "nbf": NOW + off, "exp": NOW + off + 1}
        assert read(signed(claims))["sub"] == "ada"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"exp": NOW - 61},
            {"iat": NOW + 120, "exp": NOW + 500},
            {"nbf": NOW + 86_400},
            {"aud": "another"},
            {"aud": ["another", "third"]},
            {"aud": ["grove", "another"]},
            {"aud": ["grove", "another"], "azp": "another"},
            {"azp": "another"},
            {"aud": []},
            {"iss": "https://login.example.org/"},
            {"iss": "https://evil.test"},
            {"nonce": "n-2"},
            {"nonce": ""},
            {"nonce": ["n-1"]},
            {"sub": ""},
            {"sub": 7},
            {"sub": "a\0b"},
            {"sub": "x" * 256},
            {"exp": "tomorrow"},
            {"exp": True},
            {"iat": "x"},
        ],
    )
    def test_is_refused_when_it_says_something_else(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(IdTokenInvalid):
            read(signed({**GOOD, **wrong}))

    @pytest.mark.parametrize("missing", ["exp", "aud", "iss", "iat", "sub", "nonce"])
    def test_is_refused_when_something_lacks(self, missing: str) -> None:
        with pytest.raises(IdTokenInvalid):
            read(signed({name: value for name, value in GOOD.items() if name != missing}))

    def test_is_refused_when_another_key_has_signed_it(self) -> None:
        with pytest.raises(IdTokenInvalid):
            read(signed(GOOD, key=OTHER))
        head, body, signature = signed(GOOD).split(".")
        changed = raw({}, {**GOOD, "sub": "eve"}).split(".")[1]
        for token in (f"{head}.{changed}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA"):
            with pytest.raises(IdTokenInvalid):
                read(token)

    def test_is_refused_without_a_signature_of_a_private_key(self) -> None:
        for name in ("none", "None", "nOnE"):
            with pytest.raises(IdTokenInvalid):
                read(raw({"alg": name}, GOOD))
        for secret in (KEY.as_pem(private=False), KEY.as_der(private=False), json.dumps(public(KEY)[0]).encode()):
            unsigned = raw({"alg": "HS256", "kid": "one"}, GOOD).rstrip(".")
            mac = hmac.digest(secret, unsigned.encode(), "sha256")
            with pytest.raises(IdTokenInvalid):
                read(f"{unsigned}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")

    @pytest.mark.parametrize(
        "header",
        [
            {"jku": "https://evil.test/keys"},
            {"x5u": "https://evil.test/chain"},
            {"jwk": {name: OTHER.as_dict(private=False)[name] for name in ("kty", "n", "e")}},
            {"x5c": ["AAAA"]},
        ],
    )
    def test_brings_no_key_of_its_own(self, header: dict[str, Any]) -> None:
        told = {"alg": "RS256", "kid": "one", **header}
        with pytest.raises(IdTokenInvalid):
            read(truly_signed(told, key=OTHER))
        with pytest.raises((IdTokenInvalid, KeyUnknown)):
            read(truly_signed({**told, "kid": "two"}, key=OTHER))

    @pytest.mark.parametrize(
        "header",
        [
            {"crit": ["b64"], "b64": False},
            {"crit": ["x"], "x": 1},
            {"crit": ["exp"], "exp": 1},
            {"crit": "x"},
            {"b64": False},
            {"zip": "DEF"},
        ],
    )
    def test_is_refused_when_it_wants_something_unknown_to_be_critical(self, header: dict[str, Any]) -> None:
        assert read(truly_signed({"alg": "RS256", "kid": "one"}))["sub"] == "ada"
        with pytest.raises(IdTokenInvalid):
            read(truly_signed({"alg": "RS256", "kid": "one", **header}))

    @pytest.mark.parametrize("claims", [[], "x", 1, None, {**GOOD, "exp": float("inf")}, {**GOOD, "exp": float("nan")}])
    def test_is_refused_when_what_it_says_makes_no_sense(self, claims: Any) -> None:
        with pytest.raises(IdTokenInvalid):
            read(truly_signed({"alg": "RS256", "kid": "one"}, claims))

    def test_is_refused_when_it_is_huge_before_anything_is_verified(self) -> None:
        with pytest.raises(IdTokenInvalid, match="not a signed token"):
            read(truly_signed({"alg": "RS256", "kid": "one"}, {**GOOD, "x": "y" * 1_000_000}))

    def test_is_refused_when_it_is_encrypted(self) -> None:
        header = {"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"}
        for_us = jwk.import_key({name: value for name, value in public(KEY)[0].items() if name != "use"})
        bomb = jwe.encrypt_compact(header, b"a" * 200_000, for_us, algorithms=["RSA-OAEP", "A256GCM", "DEF"])
        with pytest.raises(IdTokenInvalid, match="not a signed token"):
            read(bomb)

    def test_names_a_key_that_is_known(self) -> None:
        with pytest.raises(KeyUnknown):
            read(signed(GOOD, kid="../../dev/null"))
        with pytest.raises(KeyUnknown):
            read(signed(GOOD, kid="https://evil.test/keys/one"))
        with pytest.raises(KeyUnknown):
            read(truly_signed({"alg": "RS256", "kid": ["one"]}))
        with pytest.raises(KeyUnknown):
            read(signed(GOOD), keys=[])
        encrypting = [{**public(KEY)[0], "use": "enc"}]
        with pytest.raises(KeyUnknown):
            read(signed(GOOD), keys=encrypting)
        with pytest.raises(IdTokenInvalid):
            read(signed(GOOD), keys=public(KEY, OTHER))

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "a.b",
            "a.b.c.d.e",
            "..",
            "é.é.é",
            "a" * 70_000 + ".b.c",
            raw({"alg": "RS256"}, {})[:-1] + "!",
            "[" * 3_000 + ".b.c",
        ],
    )
    def test_is_refused_when_it_is_none(self, token: str) -> None:
        with pytest.raises(IdTokenInvalid):
            read(token)

    def test_belongs_to_the_access_token_that_came_with_it(self) -> None:
        with pytest.raises(IdTokenInvalid):
            read(signed({**GOOD, "at_hash": "x" * 22}), access_token="another")
