"""Examining a machine and a data folder, by trying things rather than by believing versions."""

import itertools
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from grove.checkouts import CheckoutMethod, why_not
from grove.cli.database_examination import examine_database
from grove.cli.finding import Finding, failed, passed, warned
from grove.cli.hosts import FILE_NAME
from grove.cli.quantity import shown_bytes
from grove.credentials import Keyring, MasterKeyMissing, load_keyring, parse_keyring
from grove.git import Finding as GitFinding
from grove.git import Git, probe_installed_git
from grove.kit.errors import GroveError
from grove.kit.files import sync_folder
from grove.kit.logging import mask
from grove.placement import Locator
from grove.sandbox import Confiner, Holder
from grove.settings import Settings
from grove.vectors import EmbedderOutside, address_of
from grove.wiring import confiner, git_config

MEGABYTE = 1024 * 1024
OTHERS = stat.S_IRWXG | stat.S_IRWXO

_PROBES = {
    "U1": ("GROVE-GIT02", "git refuses every protocol but https"),
    "U2": ("GROVE-GIT03", "git ignores what a mirror's configuration says about protocols and programs"),
    "U5": ("GROVE-GIT04", "git refuses credentials in addresses"),
    "U6": ("GROVE-GIT05", "git refuses line feeds in the names of hosts"),
    "U12": ("GROVE-GIT06", "git connects to the address that was checked"),
    "C1": ("GROVE-GIT07", "git refuses hostile file names"),
    "hooks": ("GROVE-GIT08", "git runs no hooks"),
}
_HOLDERS = {
    Holder.GROUP: "the kernel holds commands to their bounds, in a cgroup of their own",
    Holder.LIMITS: "the kernel holds each process of commands to its bounds; what they use together is looked at",
    Holder.LOOKS: "what commands use together is only looked at, 20 times a second, since this is root",
}
_SOLUTIONS = {
    CheckoutMethod.BTRFS: "put the data folder on btrfs",
    CheckoutMethod.OVERLAY: "let the server mount (CAP_SYS_ADMIN) and add overlay to GROVE_CHECKOUT_METHODS",
    CheckoutMethod.CLONE: "put the data folder on XFS, which spares room",
}
"""What is to be done for each method that is better than copying, the best first."""
_NEWER_GIT = "install a newer git, then run grove doctor again"


def examine(settings: Settings) -> list[Finding]:
    """Everything that was examined, in the order in which a server needs it."""
    locator = Locator(settings.data_dir)
    findings = [*_git(settings, locator), *_confinement(settings), *_folder(settings, locator)]
    ring, key_findings = _keys(settings, locator)
    findings += key_findings
    findings += examine_database(settings, locator, keyring=ring)
    return [*findings, _embedder(settings), *_configuration(settings)]


def _git(settings: Settings, locator: Locator) -> Iterator[Finding]:
    code, title = "GROVE-GIT01", "git is installed"
    config = git_config(settings, locator)
    if not config.executable.exists():
        yield failed(code, title, problem=f"there is no {config.executable}", solution=_NEWER_GIT)
        return
    yield passed(code, title)
    with tempfile.TemporaryDirectory(prefix="grove-doctor-") as folder:
        bench = replace(config, home=Path(folder, "home"), job_root=Path(folder, "jobs"))
        bench.home.mkdir()
        bench.job_root.mkdir()
        yield from _grouped(probe_installed_git(Git(bench)))


def _grouped(probes: Iterable[GitFinding]) -> Iterator[Finding]:
    """One finding for each promise, however many probes it takes."""
    problems: dict[str, list[str]] = {}
    for probe in probes:
        group = problems.setdefault(probe.name.split()[0], [])
        group += [] if probe.passed else [f"{probe.name}: {probe.detail}"]
    for name, details in problems.items():
        code, title = _PROBES[name]
        if details:
            yield failed(code, title, problem="; ".join(details), solution=_NEWER_GIT)
        else:
            yield passed(code, title)


def _confinement(settings: Settings) -> Iterator[Finding]:
    """Whether commands that are not trusted can be confined, and who holds them to their bounds; tried by doing so."""
    code = "GROVE-BOX01"
    with tempfile.TemporaryDirectory(prefix="grove-doctor-") as folder:
        locator = Locator(Path(folder))
        locator.jobs().mkdir()
        confined = confiner(settings, locator)
        trials = confined.trials
    used = next((str(trial.method) for trial in trials if trial.works), None)
    title = f"commands that are not trusted {f'are confined by {used}' if used else 'can be confined'}"
    problem = "; ".join(f"{trial.method}: {trial.problem}" for trial in trials if trial.problem)
    if not (problem or used):
        yield warned(code, title, problem="no method is allowed", solution="set GROVE_CONFINEMENT")
    elif problem:
        solutions = [trial.solution for trial in trials if trial.solution]
        yield warned(code, title, problem=problem, solution=", or ".join(solutions))
    else:
        yield passed(code, title)
    if used:
        yield _bounds(settings, confined)


def _bounds(settings: Settings, confined: Confiner) -> Finding:
    code, title = "GROVE-BOX02", _HOLDERS[confined.held_by]
    is_weak = confined.held_by is Holder.LOOKS or (settings.cgroup and confined.held_by is not Holder.GROUP)
    if not is_weak:
        return passed(code, title)
    solution = "run the server as a user of its own, and hand it a cgroup (GROVE_CGROUP, or Delegate=yes in systemd)"
    return warned(code, title, problem=confined.groups.problem, solution=solution)


def _folder(settings: Settings, locator: Locator) -> Iterator[Finding]:
    code, title = "GROVE-DATA01", f"the data folder {locator.data} is there"
    if not locator.data.is_dir():
        yield warned(code, title, problem="there is none yet", solution=f"grove serve --data {locator.data}")
        return
    yield passed(code, title)
    yield _writable(locator)
    free, least = locator.bytes_free(), settings.disk_free_mb_min * MEGABYTE
    code, title = "GROVE-DATA03", f"there is room: {shown_bytes(free)} free"
    if free < least:
        problem = f"with less than {shown_bytes(least)} free, no new work is begun"
        yield failed(code, title, problem=problem, solution="remove repositories (grove repo remove), or add disk")
    else:
        yield passed(code, title)
    yield _private("GROVE-DATA04", "only its owner can look into the data folder", locator.data, mode="700")
    yield from _checkouts(settings, locator)


def _checkouts(settings: Settings, locator: Locator) -> Iterator[Finding]:
    """How the files of workspaces come into folders here, and why not at once; tried by doing so."""
    allowed = [CheckoutMethod(name) for name in settings.checkout_methods]
    faults: dict[CheckoutMethod, str] = {}
    try:
        for method in _SOLUTIONS:
            fault = why_not(method, locator.data)
            faults[method] = fault or ("" if method in allowed else "it works, and is not allowed")
    except OSError:  # of which GROVE-DATA02 tells
        return
    used = next(method for method in [*allowed, CheckoutMethod.GIT] if not faults.get(method))
    better = list(itertools.takewhile(lambda method: method is not used, _SOLUTIONS))
    yield passed(
        "GROVE-DATA05",
        f"the files of workspaces are laid out by {used}",
        problem="; ".join(f"{method}: {faults[method]}" for method in better),
        solution=", or ".join(_SOLUTIONS[method] for method in better),
    )


def _writable(locator: Locator) -> Finding:
    code, title = "GROVE-DATA02", "the data folder takes files, and keeps them"
    try:
        with tempfile.NamedTemporaryFile(dir=locator.data, prefix=".doctor-") as probe:
            probe.write(b"grove")
            probe.flush()
            sync_folder(locator.data)
    except OSError as error:
        solution = f"chown -R $(id -u) {locator.data}, or mount it writable"
        return failed(code, title, problem=str(error), solution=solution)
    return passed(code, title)


def _private(code: str, title: str, path: Path, *, mode: str) -> Finding:
    present = stat.S_IMODE(path.stat().st_mode)
    if present & OTHERS:
        return failed(code, title, problem=f"its mode is {present:o}", solution=f"chmod {mode} {path}")
    return passed(code, title)


def _keys(settings: Settings, locator: Locator) -> tuple[Keyring | None, list[Finding]]:
    code, title = "GROVE-KEY01", "the master key is there, private and good"
    path = locator.master_key()
    try:
        if settings.master_key is not None:
            ring = parse_keyring(settings.master_key.get_secret_value())
        else:
            ring = load_keyring(path)
    except MasterKeyMissing as missing:
        if not locator.database().exists():
            solution = "grove serve makes one; keep a copy of it in another place"
            return None, [warned(code, title, problem="there is none yet", solution=solution)]
        solution = f"put the key back from your backup: {path}; without it the credentials cannot be opened"
        return None, [failed(code, title, problem=missing.message, solution=solution)]
    except GroveError as bad:
        solution = f"chmod 600 {path}; if it is damaged, put it back from your backup"
        return None, [failed(code, title, problem=str(bad), solution=solution)]
    return ring, [passed(code, title)]


def _embedder(settings: Settings) -> Finding:
    """Where source is sent to be made vectors of."""
    code, url = "GROVE-VEC01", settings.embedder_url
    if settings.embedder != "http" or url is None:
        return passed(code, "source is sent to no model server")
    title = f"source and questions are sent to the model server {mask(url)}"
    parts = urlsplit(url)
    try:
        address_of(parts.hostname or "", parts.port or 0, may_be_outside=False)
    except EmbedderOutside as outside:
        if settings.embedder_outside and not ip_address(str(outside.facts["address"])).is_link_local:
            return passed(code, title, problem="it is outside of this network, as GROVE_EMBEDDER_OUTSIDE allows")
        return failed(code, title, problem=str(outside), solution="name one in this network, or allow it")
    except (GroveError, ValueError) as error:
        return failed(code, title, problem=str(error), solution="look at GROVE_EMBEDDER_URL")
    return passed(code, title, problem="it is in this network")


def _configuration(settings: Settings) -> Iterator[Finding]:
    path = settings.config_dir / FILE_NAME
    if path.exists():
        yield _private("GROVE-CONF01", f"only you can read the tokens in {path}", path, mode="600")
