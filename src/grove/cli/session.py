"""What a command works with: the settings, the server that it talks to, and where its words go."""

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grove.cli.failure import Exit, Failure
from grove.cli.hosts import Host, Hosts, normal_url
from grove.cli.output import Output
from grove.cli.refusal import Context

if TYPE_CHECKING:
    from grove.cli.client import Client
    from grove.settings import Settings

DEFAULT_URL = "http://127.0.0.1:8080"


class Session:
    """One run of one command."""

    def __init__(self, *, command: str, host: str | None, output: Output) -> None:
        self.command = command
        self.output = output
        self.subject = "NAME"
        self._named_host = host

    @cached_property
    def settings(self) -> "Settings":
        """The settings of the environment.

        :raises Failure: if one of them makes no sense.
        """
        return read_settings()

    @property
    def is_interactive(self) -> bool:
        """Whether somebody is at a terminal to answer questions."""
        return sys.stdin.isatty()

    @cached_property
    def hosts(self) -> Hosts:
        """The servers that the user has signed in to."""
        return Hosts(self.settings.config_dir)

    @cached_property
    def url(self) -> str:
        """The address of the server: of the option, of the settings, or the one last signed in to.

        :raises Failure: if none is known.
        """
        named = self._named_host or self.settings.host
        if named is not None:
            return normal_url(named)
        known = self.hosts.find(None)
        if known is None:
            raise _signed_out("no server has been signed in to", url=DEFAULT_URL)
        return known.url

    @cached_property
    def server(self) -> Host:
        """The server and the token for it.

        :raises Failure: if there is none.
        """
        known = self.hosts.find(self.url)
        if self.settings.token is not None:
            return Host(url=self.url, token=self.settings.token.get_secret_value(), user="")
        if known is None:
            raise _signed_out(f"there is no token for {self.url}", url=self.url)
        return known

    @property
    def context(self) -> Context:
        """What a refusal's advice is about; `subject` is what the command's user named."""
        return Context(command=self.command, host=self.url, subject=self.subject)

    @cached_property
    def client(self) -> "Client":
        """The connection to the server, opened when it is first needed."""
        return self.connect(self.server)

    def connect(self, server: Host) -> "Client":
        """A connection to a server."""
        from grove.cli.client import Client  # noqa: PLC0415 - `--help` need not wait for it

        return Client(server)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if "client" in self.__dict__:
            self.client.close()


def read_settings(**overrides: Any) -> "Settings":
    """The settings of the environment, with what the command line says instead.

    :raises Failure: if one of them makes no sense.
    """
    # Reading them takes a quarter of a second, which `--help` need not wait for.
    from pydantic import ValidationError  # noqa: PLC0415

    from grove.settings import load_settings  # noqa: PLC0415

    try:
        return load_settings(**overrides)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        raise Failure(
            "The settings cannot be read.",
            why=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
            next_step="env | grep ^GROVE_",
            exit_code=Exit.INVALID,
        ) from invalid


def _signed_out(reason: str, *, url: str) -> Failure:
    return Failure("You are not signed in.", why=reason, next_step=f"grove login {url}", exit_code=Exit.DENIED)
