"""Whether an ID token can be believed: signed by a key of the provider, for us, now, and for this sign-in."""

from collections.abc import Mapping, Sequence
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from grove.oidc.errors import IdTokenInvalid

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key of the provider's alone; never one with a shared secret, and never none."""
TOKEN_CHARACTERS_MAX = 64 * 1024
SKEW_SECONDS_MAX = 60
"""How far the provider's clock may be from ours."""
SUBJECT_CHARACTERS_MAX = 255
_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}

Keys = Sequence[Mapping[str, Any]]


class KeyUnknown(Exception):
    """The token names a key that the provider is not known to have; it may have got a new one."""


def read_id_token(
    token: str, *, keys: Keys, expected: Mapping[str, str], access_token: str | None, now: int
) -> dict[str, Any]:
    """The claims of an ID token; `expected` are `iss`, `client_id` and `nonce`.

    :raises KeyUnknown: if none of the keys is the one that it names.
    :raises IdTokenInvalid: if it cannot be believed.
    """
    if len(token) > TOKEN_CHARACTERS_MAX or token.count(".") != 2:  # noqa: PLR2004 - a signed token has three parts
        raise IdTokenInvalid(reason="not a signed token")
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = jwk.import_key(dict(_key_for(header, keys)))
        decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
        audience = {"essential": True, "values": [expected["client_id"]]}
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={"iss": {"essential": True, "value": expected["iss"]}, "aud": audience},
            params={"nonce": expected["nonce"], "client_id": expected["client_id"], "access_token": access_token},
        )
        claims.validate(now=now, leeway=SKEW_SECONDS_MAX)
    except (JoseError, ValueError, TypeError, RecursionError) as wrong:
        raise IdTokenInvalid(reason=getattr(wrong, "error", type(wrong).__name__)) from None
    subject = claims["sub"]
    if not (isinstance(subject, str) and 0 < len(subject) <= SUBJECT_CHARACTERS_MAX and subject.isprintable()):
        raise IdTokenInvalid(reason="sub")
    return dict(claims)


def _key_for(header: Mapping[str, Any], keys: Keys) -> Mapping[str, Any]:
    """The one key that a token says it is signed with.

    :raises KeyUnknown: if there is none.
    :raises IdTokenInvalid: if it is not signed as we want it, or several keys could be meant.
    """
    algorithm, name = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise IdTokenInvalid(reason="alg")
    wanted = "OKP" if algorithm == "EdDSA" else _KEY_TYPES[algorithm[0]]
    fitting = [key for key in keys if key.get("kty") == wanted and key.get("use", "sig") == "sig"]
    chosen = [key for key in fitting if name is None or key.get("kid") == name]
    if not chosen:
        raise KeyUnknown
    if len(chosen) > 1:
        raise IdTokenInvalid(reason="kid")
    return chosen[0]
