"""Golden cases: what the documents of each forge say of their own examples."""

import time

import pytest

from grove.forges import Forge
from grove.owners import parse_owners

GITHUB = """\
# a comment
*       @global-owner1 @global-owner2
*.js    @js-owner #an inline comment
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs2@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/github
with\\ space.md @spacer
!negated @nobody
[a-z].md @nobody
"""
GITLAB = """\
* @default-codeowner
*.rb @ruby-owner
\\#file_with_pound.rb @owner-file-with-pound
LICENSE @legal janedoe@gitlab.com
README @group @group/with-nested/subgroup
/docs/ @all-docs
/docs/* @root-docs
/docs/**/*.md @markdown-docs
lib/ @lib-owner
/config/ @config-owner
path\\ with\\ spaces/ @space-owner

[Documentation]
ee/docs @docs
docs @docs

^[Database][2] @database-team
model/db/
config/db/database-setup.md @docs-team
!model/db/generated.rb

[DOCUMENTATION]
README.md @writers
"""
GITEA = r"""
.*\\.go @user1 @user2 # This is comment
frontend/src/.*\\.js @org1/team1 @org1/team2 @user3
!frontend/.* @org1/team3
docs/(aws|google|azure)/[^/]*\\.(md|txt) @user8
dir/with\#hashtag @user1
broken( @user9
"""
BITBUCKET = """\
* alisha@example.com fred@example.com
*.md random(1):@teams/writers
/src/ @backend
"""


class TestGitHub:
    @pytest.mark.parametrize(
        ("path", "owners"),
        [
            ("README", ("@global-owner1", "@global-owner2")),
            ("src/deep/app.js", ("@js-owner",)),
            ("main.go", ("docs@example.com",)),
            ("notes.txt", ("@octo-org/octocats",)),
            ("build/logs/a/b.log", ("@octocat",)),
            ("deep/build/logs/x", ("@octocat",)),
            ("docs/a.md", ("@doctocat",)),
            ("deep/docs/a.md", ("@global-owner1", "@global-owner2")),
            ("deep/apps/x.py", ("@octocat",)),
            ("scripts/x.sh", ("@doctocat", "@octocat")),
            ("apps/github", ()),
            ("apps/github/x", ()),
            ("with space.md", ("@spacer",)),
            ("a.md", ("@global-owner1", "@global-owner2")),
        ],
    )
    def test_the_last_line_that_fits_decides(self, path: str, owners: tuple[str, ...]) -> None:
        assert parse_owners(GITHUB, place="CODEOWNERS", forge=Forge.GITHUB).of(path).owners == owners

    def test_tells_the_lines_that_mean_nothing(self) -> None:
        assert parse_owners(GITHUB, place="CODEOWNERS", forge=Forge.GITHUB).unusable == (14, 15)

    def test_tells_the_owners_of_everything(self) -> None:
        owners = parse_owners(GITHUB, place="CODEOWNERS", forge=Forge.GITHUB)

        assert owners.of_all().owners == ("@global-owner1", "@global-owner2")


class TestGitLab:
    @pytest.mark.parametrize(
        ("path", "owners"),
        [
            ("main.c", ("@default-codeowner",)),
            ("a/b.rb", ("@ruby-owner",)),
            ("#file_with_pound.rb", ("@owner-file-with-pound",)),
            ("LICENSE", ("@legal", "janedoe@gitlab.com")),
            ("sub/README", ("@group", "@group/with-nested/subgroup")),
            ("docs/index.txt", ("@root-docs",)),
            ("docs/a/b.txt", ("@all-docs",)),
            ("docs/a/b.md", ("@markdown-docs",)),
            ("deep/lib/x.c", ("@lib-owner",)),
            ("config/x.yml", ("@config-owner",)),
            ("deep/config/x.yml", ("@default-codeowner",)),
            ("path with spaces/x", ("@space-owner",)),
            ("docs", ("@default-codeowner", "@docs")),
            ("model/db/schema.sql", ("@default-codeowner", "@database-team")),
            ("model/db/generated.rb", ("@ruby-owner",)),
            ("config/db/database-setup.md", ("@config-owner", "@docs-team")),
            ("README.md", ("@default-codeowner", "@writers")),
        ],
    )
    def test_each_section_decides(self, path: str, owners: tuple[str, ...]) -> None:
        assert parse_owners(GITLAB, place="CODEOWNERS", forge=Forge.GITLAB).of(path).owners == owners


class TestGitea:
    @pytest.mark.parametrize(
        ("path", "owners"),
        [
            ("frontend/src/x.js", ("@org1/team1", "@org1/team2", "@user3")),
            ("cmd/main.go", ("@user1", "@user2", "@org1/team3")),
            ("docs/aws/a.md", ("@org1/team3", "@user8")),
            ("dir/with#hashtag", ("@org1/team3", "@user1")),
        ],
    )
    def test_every_line_that_fits_counts(self, path: str, owners: tuple[str, ...]) -> None:
        owners_file = parse_owners(GITEA, place="CODEOWNERS", forge=Forge.GITEA)

        assert owners_file.of(path).owners == owners
        assert len(owners_file.unusable) == 1


class TestBitbucket:
    def test_in_the_cloud_the_last_line_decides(self) -> None:
        owners = parse_owners(BITBUCKET, place=".bitbucket/CODEOWNERS", forge=Forge.BITBUCKET, host="bitbucket.org")

        assert owners.of("src/a.md").owners == ("@backend",)
        assert owners.of("a.md").owners == ("@teams/writers",)

    def test_on_a_server_of_ones_own_every_line_counts(self) -> None:
        owners = parse_owners(BITBUCKET, place=".bitbucket/CODEOWNERS", forge=Forge.BITBUCKET, host="git.example.org")

        expected = ("alisha@example.com", "fred@example.com", "@teams/writers", "@backend")
        assert owners.of("src/a.md").owners == expected


class TestAFileThatMeansHarm:
    def test_takes_no_longer_than_its_length(self) -> None:
        text = "".join(f"{'*a' * 60}{number} @x\n" for number in range(100)) + "(((( @x\n[[[ @y\n\\ @z\n"
        began = time.process_time()
        for forge in Forge:
            parse_owners(text, place="CODEOWNERS", forge=forge).of("a" * 1_000)

        assert time.process_time() - began < 5
