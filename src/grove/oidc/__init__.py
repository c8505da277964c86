"""Signing in at an OpenID provider: who somebody is, and in which groups, as the provider vouches for it."""

from grove.oidc.errors import (
    CodeRefused,
    IdTokenInvalid,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderUnavailable,
    SignInInterrupted,
)
from grove.oidc.flow import Flow
from grove.oidc.model import ProviderConfig
from grove.oidc.provider import Provider

__all__ = [
    "CodeRefused",
    "Flow",
    "IdTokenInvalid",
    "Provider",
    "ProviderConfig",
    "ProviderMisconfigured",
    "ProviderRefused",
    "ProviderUnavailable",
    "SignInInterrupted",
]
