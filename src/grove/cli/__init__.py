"""The command line: a client of a server's REST API, and `doctor`, which looks at a data folder itself.

`app` is what other commands are added to; `remember_server` signs the user in to a server just started.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

import grove
from grove.cli import (
    add,
    audit,
    branching,
    checkouts,
    cloning,
    contexts,
    credentials,
    decisions,
    doctor,
    following,
    forge_accounts,
    freshness,
    history,
    hooks,
    importing,
    index,
    jobs,
    navigation,
    owners,
    people,
    policies,
    preparing,
    promoting,
    pulls,
    quotas,
    reading,
    repositories,
    requests,
    retention,
    scip,
    search,
    signing_in,
    stashing,
    topics,
    tracing,
    usage,
    workspace_changes,
    workspaces,
)
from grove.cli.hosts import Host, Hosts, normal_url
from grove.cli.root import Root
from grove.cli.session import read_settings

if TYPE_CHECKING:
    from grove.settings import Settings

__all__ = ["app", "forget_server", "read_settings", "remember_server"]

app = typer.Typer(
    name="grove",
    cls=Root,
    help="Keeps every repository that a team and its agents need: mirrored, searchable at any commit, governed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _show_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"grove {grove.__version__}\n")
        raise typer.Exit


def forget_server(settings: "Settings", *, address: str) -> None:
    """Have the commands use the server that they used before."""
    Hosts(settings.config_dir).forget(normal_url(address))


def remember_server(settings: "Settings", *, address: str, token: str, user: str = "demo") -> None:
    """Have the commands use a server from now on."""
    Hosts(settings.config_dir).remember(Host(url=normal_url(address), token=token, user=user))


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    pass


for group in (
    search.app,
    navigation.app,
    add.app,
    reading.app,
    tracing.app,
    owners.app,
    signing_in.app,
    doctor.app,
    topics.app,
    cloning.app,
    usage.app,
):
    app.add_typer(group)
repositories.app.add_typer(freshness.app)
repositories.app.add_typer(history.app)
repositories.app.add_typer(pulls.app)
repositories.app.add_typer(preparing.app)
app.add_typer(repositories.app, name="repo")
app.add_typer(index.app, name="index")
app.add_typer(jobs.app, name="job")
app.add_typer(credentials.app, name="cred")
app.add_typer(contexts.app, name="context")
app.add_typer(hooks.app, name="hook")
app.add_typer(importing.app, name="import")
app.add_typer(scip.app, name="scip")
workspaces.app.add_typer(checkouts.app)
workspaces.app.add_typer(workspace_changes.app)
workspaces.app.add_typer(branching.app)
workspaces.app.add_typer(promoting.app)
workspaces.app.add_typer(stashing.app, name="stash")
app.add_typer(workspaces.app, name="ws")
app.add_typer(people.tokens, name="token")
app.add_typer(people.projects, name="project")
people.users.add_typer(forge_accounts.app)
app.add_typer(people.users, name="user")
app.add_typer(requests.app, name="request")
policies.app.add_typer(following.app)
app.add_typer(policies.app, name="policy")
app.add_typer(retention.app, name="retention")
app.add_typer(quotas.app, name="quota")
audit.app.add_typer(decisions.app)
app.add_typer(audit.app, name="audit")
