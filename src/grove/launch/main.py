"""The console command. Servers are imported only when they are started, so that the command itself starts fast."""

from pathlib import Path
from typing import Annotated

import typer

from grove.cli import app, read_settings
from grove.kit.memory import keep_secrets, loading
from grove.placement import Locator, ProcessPlaces
from grove.settings import Settings, share_measures, use_one_native_thread

DataDir = Annotated[Path | None, typer.Option("--data", help="The data folder.")]


def main() -> None:
    """Run the command line."""
    keep_secrets()
    use_one_native_thread()
    app()


@app.command(rich_help_panel="Servers")
def serve(
    data: DataDir = None,
    *,
    bind: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes do jobs.")] = None,
    http_processes: Annotated[int | None, typer.Option(help="How many processes answer requests.")] = None,
) -> None:
    """Run a server: the API, MCP and the workers, on one data folder."""
    given = {"data_dir": data, "bind": bind, "port": port, "workers": workers, "http_processes": http_processes}
    settings = read_settings(**given)
    _measure_together(settings)
    with loading():
        from grove.launch.serve import serve_until_stopped  # noqa: PLC0415 - heavy

    raise typer.Exit(serve_until_stopped(settings))


@app.command(hidden=True)
def worker(name: Annotated[str, typer.Option(help="The name that its leases carry.")]) -> None:
    """Run one worker; `grove serve` starts as many as are needed."""
    with loading():
        from grove.launch.work import work_until_stopped  # noqa: PLC0415 - heavy

    work_until_stopped(read_settings(), name=name)


@app.command(hidden=True)
def answer() -> None:
    """Answer requests beside a server; `grove serve` starts as many as are needed."""
    settings = read_settings()
    _measure_together(settings)
    with loading():
        from grove.launch.answer import answer_until_stopped  # noqa: PLC0415 - heavy

    answer_until_stopped(settings)


@app.command(rich_help_panel="Servers")
def demo(
    repository: Annotated[Path | None, typer.Argument(help="A repository; by default the one you are in.")] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the searches instead of staying up.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the data in this folder.")] = None,
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 0,
) -> None:
    """Mirror, index and search a repository that is at hand, without network, key or set-up."""
    with loading():
        from grove.launch.demo import run_demo  # noqa: PLC0415 - heavy

    raise typer.Exit(run_demo(repository or Path.cwd(), once=once, keep=keep, port=port))


@app.command(rich_help_panel="Servers")
def mcp(data: DataDir = None) -> None:
    """Speak MCP over standard input and output, on the data folder of this machine."""
    with loading():
        from grove.launch.mcp import speak_mcp  # noqa: PLC0415 - heavy

    speak_mcp(read_settings(data_dir=data))


def _measure_together(settings: Settings) -> None:
    """Have what several processes measure added up."""
    if settings.http_processes > 1:
        share_measures(ProcessPlaces(Locator(settings.data_dir)).measures)


admin = typer.Typer(help="Look after a server from the machine that it runs on.", no_args_is_help=True)
app.add_typer(admin, name="admin", rich_help_panel="Servers")


@admin.command("rotate-key")
def rotate_key(data: DataDir = None) -> None:
    """Make a new master key and move every credential under it; the server may go on running."""
    from grove.launch.keys import rotate_master_key  # noqa: PLC0415 - heavy

    raise typer.Exit(rotate_master_key(read_settings(data_dir=data)))


@admin.command("drop-keys")
def drop_keys(data: DataDir = None) -> None:
    """Forget the master keys that nothing is sealed under any more."""
    from grove.launch.keys import drop_master_keys  # noqa: PLC0415 - heavy

    raise typer.Exit(drop_master_keys(read_settings(data_dir=data)))


@admin.command("setup-link")
def setup_link(data: DataDir = None) -> None:
    """Make a new single-use link for setting up the first administrator."""
    from grove.launch.setup import renew_setup_link  # noqa: PLC0415 - heavy

    raise typer.Exit(renew_setup_link(read_settings(data_dir=data)))
