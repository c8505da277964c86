"""One way to a provider and back. All that has to match at the end follows from one secret that the browser keeps.

So nothing is stored here meanwhile, whoever begins to sign in how often, and nobody can end what another browser began.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from grove.kit.ids import new_secret

PREFIX = "flow_"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that has begun."""

    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> "Flow":
        """Begin one."""
        return cls(new_secret(PREFIX))

    @property
    def state(self) -> str:
        """What comes back with the code, to this browser and no other."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the ID token must name, so that it is for this sign-in and no other."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What must be shown with the code, so that whoever has seen the code alone cannot use it (PKCE)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier."""
        challenge: str = create_s256_code_challenge(self.verifier)
        return challenge

    def is_state(self, shown: str) -> bool:
        """Whether that is the state of this sign-in."""
        return hmac.compare_digest(self.state.encode(), shown.encode())

    def _derived(self, purpose: str) -> str:
        told = hashlib.sha256(f"grove oidc {purpose} {self.secret}".encode()).digest()
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()
