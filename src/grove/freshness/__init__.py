"""How mirrors keep up with their upstream: webhooks, polls, watched folders."""

from grove.freshness.deliveries import forget_old_deliveries, receive
from grove.freshness.errors import (
    DeliveryMalformed,
    DeliveryUnsigned,
    FreshnessInvalid,
    HookInvalid,
    HookNotFound,
    WatchRefused,
)
from grove.freshness.hook import Delivery, Hook, NewHook, Outcome, Provider, Received
from grove.freshness.hooks import create_hook, list_deliveries, list_hooks, remove_hook
from grove.freshness.keeping import Keeper
from grove.freshness.model import PRESETS, Freshness, Preset, preset_of
from grove.freshness.polling import pause_host, poll_due, resume_host, tenants_with_polls
from grove.freshness.signed import OpenHook, Signed, open_hook, read_signed, signing_hook
from grove.freshness.switches import begin_freshness, follow_host, freshness_of, set_freshness
from grove.freshness.watching import changed_repositories, sync_watched, watched_by_tenant, watched_folders

__all__ = [
    "PRESETS",
    "Delivery",
    "DeliveryMalformed",
    "DeliveryUnsigned",
    "Freshness",
    "FreshnessInvalid",
    "Hook",
    "HookInvalid",
    "HookNotFound",
    "Keeper",
    "NewHook",
    "OpenHook",
    "Outcome",
    "Preset",
    "Provider",
    "Received",
    "Signed",
    "WatchRefused",
    "begin_freshness",
    "changed_repositories",
    "create_hook",
    "follow_host",
    "forget_old_deliveries",
    "freshness_of",
    "list_deliveries",
    "list_hooks",
    "open_hook",
    "pause_host",
    "poll_due",
    "preset_of",
    "read_signed",
    "receive",
    "remove_hook",
    "resume_host",
    "set_freshness",
    "signing_hook",
    "sync_watched",
    "tenants_with_polls",
    "watched_by_tenant",
    "watched_folders",
]
