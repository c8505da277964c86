"""Who owns the files of a repository: at the commit, and for policies."""

from grove.accounts import Role
from tests.api.conftest import Door

OWNERS = "* @acme/core\n/src/ @ada\n[a] @nobody\n"
SECURITY = """@id("security_first")
@reason("its owners are to be asked")
forbid (principal, action == Grove::Action::"repository.archive", resource)
when { resource has owners && resource.owners.contains("@acme/core") };
"""


class TestOwners:
    def test_are_those_of_the_commit(self, door: Door) -> None:
        door.upstream.commit({"CODEOWNERS": OWNERS})
        before = door.upstream.commit({"a.txt": "a\n"})
        door.upstream.commit({"CODEOWNERS": "* @grace\n"})
        path = f"/api/v1/repositories/{door.connect_ready()}"
        viewer = door.of(Role.VIEWER)

        now = viewer.get(f"{path}/owners", params={"path": "src/retry.py"}).json()
        then = viewer.get(f"{path}/owners", params={"path": "src/retry.py", "rev": before}).json()

        assert (now["owners"], now["place"], now["unusable"]) == (["@grace"], "CODEOWNERS", [])
        assert then["owners"] == ["@ada"]
        assert [(rule["line"], rule["pattern"]) for rule in then["rules"]] == [(2, "/src/")]
        assert then["unusable"] == [3]
        assert viewer.get(f"{path}/owners").json()["owners"] == ["@grace"]
        assert viewer.get(path).json()["owners"] == ["@grace"]

    def test_are_nobody_without_a_file(self, door: Door) -> None:
        found = door.admin.get(f"/api/v1/repositories/{door.connect_ready()}/owners").json()

        assert (found["owners"], found["place"]) == ([], None)

    def test_are_looked_at_by_policies(self, door: Door) -> None:
        door.upstream.commit({".github/CODEOWNERS": OWNERS})
        identifier = door.connect_ready()
        door.admin.put("/api/v1/policies", json={"documents": {"own.cedar": SECURITY}})

        refused = door.admin.post(f"/api/v1/repositories/{identifier}/archive")

        assert refused.json()["facts"]["policy"] == "security_first"

    def test_are_not_told_to_strangers(self, door: Door) -> None:
        identifier = door.connect_ready()

        assert door.stranger().get(f"/api/v1/repositories/{identifier}/owners").status_code == 404
