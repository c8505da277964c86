"""Whatever is a tenant's stays behind its walls: every table, every query, and every place that looks over them."""

import re

import grove.api
import grove.launch.main  # noqa: F401 - every table must have been imported
from grove.kit.tables import Table, TenantTable
from tests.architecture.source import SOURCE

SHARED = {"host_pauses", "master_keys", "setup_links", "tenants", "waiting_devices"}
"""The tables whose rows are no tenant's; each says why at its class."""

WRITTEN_FOR_ALL = {"access_checks", "api_tokens", "credentials", "exports", "hook_deliveries", "jobs", "sessions"}
"""The tables whose rows are written for several tenants at once; each says why at its class."""

FOR_ALL = {
    "accounts/queries.py": "whether there is one tenant only, before one may refer to secrets of the whole server",
    "api/accounts.py": "a leaked token is reported by somebody who is nobody here",
    "api/caller.py": "a token says whose it is",
    "api/devices.py": "a program that waits to be let in is nobody yet",
    "api/forms.py": "a cookie says whose it is",
    "api/health.py": "whether the database answers is nobody's",
    "api/intake.py": "a delivery names a hook, whose tenant is known when its signature is good",
    "api/login.py": "a name and a password say who it is",
    "api/metrics.py": "the operator's measures are of the whole server",
    "api/pages.py": "whether the server is set up",
    "api/provider.py": "what an OpenID provider vouches for says which tenants somebody is in",
    "api/repeats.py": "a token says whose it is",
    "api/setup.py": "the first tenant is made",
    "checkouts/removing.py": "at start-up, files that no row names are removed",
    "cli/database_examination.py": "the operator examines the whole database",
    "exports/writing.py": "exports of all tenants expire together",
    "freshness/keeping.py": "which tenants have something due; it is done for each by itself",
    "freshness/polling.py": "how busy a host is, whoever has it asked",
    "grants/operations.py": "a forge that is busy is left alone, whoever would have asked it",
    "jobs/run.py": "long work gives way to what is due, whosever it is",
    "launch/keys.py": "the master key is the server's",
    "launch/setup.py": "at start-up: keys, files that no row names, and whether there is an administrator",
    "mcp/http.py": "a token says whose it is",
    "mcp/stdio.py": "a token says whose it is",
    "worker/loop.py": "the next job may be anybody's; what follows is done for its tenant",
    "worker/supervisor.py": "jobs of dead workers are freed, whosever they are",
    "workspaces/upkeep.py": "which tenants there are; it is done for each by itself",
    "workspaces/sweeping.py": "at start-up, files that no row names are removed",
}
"""Where the rows of all tenants are looked at, and why."""

RAW = {
    "api/health.py": "SELECT 1",
    "cli/database_examination.py": "counts jobs of all tenants, and asks SQLite for its journal",
}
"""Where SQL is written as text, which the queries' walls do not see."""


class TestEveryTable:
    def test_is_a_tenants_or_says_why_not(self) -> None:
        kinds = [mapper.class_ for mapper in Table.registry.mappers]
        shared = {kind.__tablename__ for kind in kinds if not issubclass(kind, TenantTable)}

        assert shared == SHARED
        assert all(kind.shared for kind in kinds if kind.__tablename__ in SHARED)
        assert not [
            kind for kind in kinds if not issubclass(kind, TenantTable) and "tenant_id" in kind.__table__.columns
        ]

    def test_that_is_written_for_all_tenants_is_on_the_list(self) -> None:
        kinds = [mapper.class_ for mapper in Table.registry.mappers if issubclass(mapper.class_, TenantTable)]
        assert {kind.__tablename__ for kind in kinds if kind.written_for_all} == WRITTEN_FOR_ALL


class TestEveryPlace:
    def test_that_looks_over_the_walls_says_why(self) -> None:
        looking = re.compile(r"\bserving_all\(\)|\.beyond\(\)")
        assert places(looking) - {"kit/tenancy.py", "kit/transactions.py"} == set(FOR_ALL)

    def test_that_writes_sql_as_text_is_on_the_list(self) -> None:
        raw = re.compile(r"import .*\btext\b|\.exec_driver_sql|__table__|\.query\(")
        outside = {place for place in places(raw) if not place.startswith(("migrations/", "kit/"))}
        assert outside == set(RAW)


def places(wanted: "re.Pattern[str]") -> set[str]:
    return {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if wanted.search(path.read_text(encoding="utf-8"))
    }
