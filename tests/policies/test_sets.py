"""Decisions that are remembered by what policies look at are those that each resource would get by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.kit.gate import Actor, Resource, Source
from grove.policies.book import with_defaults
from grove.policies.reading import findings

CONDITIONS = [
    'principal.id == "bob" && context.actor == "bob"',
    'principal == Grove::User::"ada" || principal in Grove::Role::"admin"',
    "resource has owner && resource.owner == principal.name",
    'principal is Grove::User && [Grove::User::"ada"].contains(principal)',
    "context.delegation == 0 && context.large_bytes == 5",
    "resource has size_bytes && resource.size_bytes > 10",
    'resource has visibility && resource.visibility == "private"',
    'resource has name && resource.name like "acme/*"',
    'resource == Grove::Repository::"r1"',
    'resource in Grove::Project::"p1"',
    'resource in Grove::Project::"p2" || resource == Grove::Repository::"r2"',
    'resource is Grove::Repository && [Grove::Repository::"r1", Grove::Repository::"r3"].contains(resource)',
    'resource has owners && resource.owners.contains("@acme/core") && principal.name == "ada"',
    'principal.role == "viewer" || (resource has fork && resource.fork)',
    'if context.source == "mcp" then resource is Grove::Repository in Grove::Project::"p2" else false',
    'resource has host && ["github.com", "gitlab.com"].contains(resource.host)',
]
ACTIONS = ["repository.view", "repository.sync", "search.run"]


@st.composite
def policies(draw: st.DrawFn) -> str:
    written = []
    for number in range(draw(st.integers(0, 4))):
        effect = draw(st.sampled_from(["permit", "forbid"]))
        scope = draw(
            st.sampled_from(['action == Grove::Action::"repository.view"', 'action == Grove::Action::"search.run"'])
        )
        resource = draw(
            st.sampled_from(["resource", 'resource == Grove::Repository::"r2"', "resource is Grove::Repository"])
        )
        condition = draw(st.sampled_from(CONDITIONS))
        written.append(f'@id("p{number}") {effect} (principal, {scope}, {resource}) when {{ {condition} }};')
    return "\n".join(written)


resources = st.builds(
    lambda number, attributes: Resource(kind="repository", id=f"r{number}", tenant_id="t1", attributes=attributes),
    st.integers(1, 4),
    st.fixed_dictionaries(
        {},
        optional={
            "project": st.sampled_from(["p1", "p2", "p3"]),
            "size_bytes": st.integers(0, 20),
            "visibility": st.sampled_from(["public", "private"]),
            "name": st.sampled_from(["acme/a", "other/b"]),
            "owners": st.lists(st.sampled_from(["@acme/core", "@ada"]), unique=True),
            "fork": st.booleans(),
            "owner": st.sampled_from(["ada", "bob"]),
            "host": st.sampled_from(["github.com", "example.org"]),
        },
    ),
)
actors = st.builds(
    lambda role, name, source: Actor(
        id=name, tenant_id="t1", name=name, role=role, scopes=frozenset({"read"}), source=source
    ),
    st.sampled_from(["viewer", "developer", "admin"]),
    st.sampled_from(["ada", "bob"]),
    st.sampled_from([Source.API, Source.MCP]),
)


class TestWhatIsRemembered:
    @given(
        text=policies(),
        kept=st.lists(resources, max_size=12),
        who=st.lists(actors, min_size=1, max_size=4),
        action=st.sampled_from(ACTIONS),
    )
    def test_is_what_each_would_get(self, text: str, kept: list[Resource], who: list[Actor], action: str) -> None:
        assert findings({"own.cedar": text}) == []
        together = with_defaults({"own.cedar": text}, version=1)

        for one in who:
            decided = [each.allowed for each in together.decide(one, action, kept, large_bytes=5)]

            assert decided == [together.evaluate(one, action, each, large_bytes=5).allowed for each in kept]


class TestAnAttributeThatIsNotThere:
    def test_is_told_once_by_the_id_of_the_policy_however_many_kinds_lack_it(self) -> None:
        text = '@id("odd") forbid (principal, action, resource) when { resource.nonsense };'

        (finding,) = findings({"own.cedar": text})

        assert (finding.document, finding.policy) == ("own.cedar", "odd")
        assert finding.message.startswith("attribute `nonsense` is not on ")
        assert finding.message.count(",") == 2
        assert finding.message.endswith(" more")

    def test_is_told_with_its_kinds_where_few_lack_it(self) -> None:
        text = (
            '@id("odd") forbid (principal, action == Grove::Action::"repository.sync", resource) '
            "when { resource.nonsense };"
        )

        (finding,) = findings({"own.cedar": text})

        assert finding.message == "attribute `nonsense` is not on Job, Repository"


class TestAnAttributeThatMayBeMissing:
    def test_is_told_with_what_to_write_before_it(self) -> None:
        text = '@id("odd") forbid (principal, action == Grove::Action::"repository.sync", resource) '

        told = [each.message for each in findings({"own.cedar": f"{text} when {{ resource.size_bytes > 2 }};"})]
        asked = findings({"own.cedar": f"{text} when {{ resource has size_bytes && resource.size_bytes > 2 }};"})

        assert told[0] == "attribute `size_bytes` is not on Job"
        assert told[1].endswith("may be missing on Repository: ask before it is read, `… has size_bytes && …`")
        assert asked == []


class TestADocumentThatMeansHarm:
    @pytest.mark.parametrize(
        "condition",
        [
            "(" * 20_000 + "true" + ")" * 20_000,
            "[" * 2_000 + "1" + "]" * 2_000 + " == 1",
            "{a:" * 2_000 + "1" + "}" * 2_000 + " == 1",
            " && ".join(["true"] * 20_000),
            "if true then " * 2_000 + "true" + " else true" * 2_000,
            "context" + ".a" * 20_000 + " == 1",
            "+".join(["1"] * 20_000) + " == 1",
            '"\\\n" ' + "(" * 2_000 + '"',
            'context.source == "// (" ' + "(" * 2_000,
            '// "\n' + "(" * 2_000 + '// "',
            "+".join(["1"] * 990) + " == 1",
            " && ".join(["true"] * 160),
        ],
    )
    def test_is_refused_before_it_ends_the_process(self, condition: str) -> None:
        text = f'@id("x") permit (principal, action, resource) when {{ {condition} }};'

        assert findings({"own.cedar": text})
