"""The cookies by which a browser is known, and what forms and scripts show so that nobody else's page speaks for it.

A cookie is sent by the browser whoever makes it ask; so what changes something also shows a token that only pages of
ours can read. It follows from the secret in the cookie, and needs no place to be kept.
"""

import hmac
from typing import Final

from fastapi import Request, Response

from grove.api.edge import Edge
from grove.kit.ids import digest

SESSION: Final = "grove_session"
FORM: Final = "grove_form"
"""For forms that are sent before anybody has signed in."""
COOKIE_CHARACTERS_MAX: Final = 3_500


class Cookies:
    """The cookies of one request. Over HTTPS their names begin with `__Host-`: a browser takes such a cookie only from
    this very host, and only with TLS, so that neither a neighbouring host nor somebody on the network can plant one.
    """

    def __init__(self, request: Request, edge: Edge) -> None:
        self._cookies = request.cookies
        is_https = (edge.grove.settings.base_url or "").lower().startswith("https:")
        self.is_secure = is_https or request.url.scheme == "https"

    def read(self, name: str) -> str | None:
        """What a cookie holds, if the request has it."""
        return self._cookies.get(self._full(name), "")[:COOKIE_CHARACTERS_MAX] or None

    def give(self, response: Response, name: str, value: str, *, seconds: int) -> None:
        """Have the browser keep a cookie that no script can read, and that goes with no form of another site."""
        response.set_cookie(
            self._full(name), value, max_age=seconds, path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )

    def drop(self, response: Response, name: str) -> None:
        """Have the browser forget a cookie."""
        self.give(response, name, "", seconds=0)

    def _full(self, name: str) -> str:
        return f"__Host-{name}" if self.is_secure else name


def csrf_token(secret: str) -> str:
    """What is shown beside a cookie that holds this secret."""
    return digest(f"csrf {secret}")


def is_csrf_token(shown: str, secret: str) -> bool:
    """Whether it is what is shown beside this cookie."""
    return hmac.compare_digest(shown.encode(), csrf_token(secret).encode())
