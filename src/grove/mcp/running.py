"""`checkout_workspace` and `run_in_workspace`: the files of a workspace in a folder, and commands there."""

from typing import Final

from anyio import NoEventLoopError, get_cancelled_exc_class
from anyio.from_thread import check_cancelled

from grove.checkouts import Collected, Executed, Listener, Order, PlacedCheckout, SetUpState
from grove.mcp.budget import tokens_of
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.visible import visible, visible_line
from grove.mcp.workspace_arguments import CheckoutWorkspace, RunInWorkspace

RESERVED_TOKENS: Final = 200
LEFT_OUT_SHOWN_MAX: Final = 10
LOG_LINES_MAX: Final = 40
SHELL: Final = "/bin/sh"


class _Client(Listener):
    """Is gone when its call was cancelled."""

    def is_gone(self) -> bool:
        """Whether the call that this thread works for was cancelled."""
        try:
            check_cancelled()
        except NoEventLoopError:  # called by no event loop, which could not cancel it
            return False
        except get_cancelled_exc_class():
            return True
        return False


def checkout_workspace(caller: Caller, arguments: CheckoutWorkspace) -> Reply:
    """Lay a workspace's files out, bring the folder and the workspace together, or take the folder away.

    :raises GroveError: if it cannot be done.
    """
    desk, actor, name, now = caller.grove.checkouts, caller.actor, arguments.name, caller.now
    match arguments.action:
        case "checkout":
            placed = desk.checkout(actor, name, now=now, sparse=arguments.sparse)
            return Reply(lines=_placed(placed), truth=joined("run_in_workspace runs commands there", _set_up(placed)))
        case "show":
            found = desk.find(actor, name)
            return Reply(lines=_placed(found), truth=joined("The folder is there", _set_up(found)))
        case "collect":
            done = desk.collect(actor, name, now=now)
            return Reply(lines=_left_out(done) or ["(nothing left out)"], truth=_collected(done))
        case "remove":
            gone = desk.remove(actor, name, now=now)
            return Reply(lines=[visible(str(gone.path))], truth="The folder is gone; what was not collected with it.")


def run_in_workspace(caller: Caller, arguments: RunInWorkspace) -> Reply:
    """Run a shell command in the folder of a workspace.

    :raises GroveError: if it cannot be run.
    """
    order = Order(
        words=[SHELL, "-c", arguments.command],
        seconds_max=arguments.seconds_max,
        memory_mb_max=arguments.memory_mb_max,
        network=arguments.network,
    )
    done = caller.grove.commands.execute(caller.actor, arguments.name, order=order, now=caller.now, listener=_Client())
    truth = _ended(done)
    streams = [done.stdout.content, done.stderr.content]
    texts = [text.decode(errors="replace") for text in streams]
    lines = [visible_line(line) for line in texts[0].splitlines()]
    if texts[1]:
        lines += ["stderr:", *(visible_line(line) for line in texts[1].splitlines())]
    kept, left_out = _both_ends(lines, tokens_max=arguments.max_tokens - tokens_of(truth) - RESERVED_TOKENS)
    note = f"{left_out:,} lines in the middle left out; write to a file and read_file it" if left_out else ""
    return Reply(lines=kept or ["(it said nothing)"], truth=joined(truth, note))


def _both_ends(lines: list[str], *, tokens_max: int) -> tuple[list[str], int]:
    """The first and the last lines that fit, a fifth from the beginning; and how many lines between are left out."""
    if tokens_of("\n".join(lines)) <= tokens_max:
        return lines, 0
    first = _fitting(lines, tokens_max=tokens_max // 5)
    last = _fitting(lines[: first - 1 if first else None : -1], tokens_max=tokens_max - tokens_max // 5)
    left_out = len(lines) - first - last
    return [*lines[:first], f"[... {left_out:,} lines ...]", *lines[len(lines) - last :]], left_out


def _fitting(lines: list[str], *, tokens_max: int) -> int:
    room = tokens_max
    for count, line in enumerate(lines):
        room -= tokens_of(f"{line}\n")
        if room < 0:
            return count
    return len(lines)


def _ended(done: Executed) -> str:
    outcome = done.outcome
    how = f"STOPPED: {outcome.stopped}" if outcome.stopped else f"exit code {outcome.exit_code}"
    left_out = done.stdout.left_out_bytes + done.stderr.left_out_bytes
    return joined(
        f"{how} after {outcome.seconds:.1f} s",
        f"{left_out:,} bytes of its output not kept" if left_out else "",
        _collected(done.collected) if done.collected else f"changes NOT TAKEN: {done.problem}",
        f"confined by {outcome.method}, bounds held by {outcome.held_by}",
    )


def _collected(done: Collected) -> str:
    return joined(
        f"files changed in the folder and now in the workspace: {done.from_folder:,}",
        f"{done.into_folder:,} brought into the folder" if done.into_folder else "",
        "its commits too" if done.commits else "",
        f"commits not taken: {done.commits_problem}" if done.commits_problem else "",
        f"{len(done.left_out):,} paths not taken" if done.left_out else "",
    )


def _left_out(done: Collected) -> list[str]:
    return _told(done.left_out)


def _placed(placed: PlacedCheckout) -> list[str]:
    made = placed.checkout
    line = f"{placed.path}  {made.files:,} files  {made.size_bytes:,} bytes  by {made.method} in {made.seconds:.2f} s"
    only = [visible(f"only: {', '.join(placed.sparse)}")] if placed.sparse else []
    return [visible(line), *only, *_told(placed.left_out), *_told(dict(placed.set_up.not_brought)), *_log(placed)]


def _set_up(placed: PlacedCheckout) -> str:
    done = placed.set_up
    if done.state is SetUpState.FAILED:
        return f"its set-up FAILED: {visible(done.reason)}; the end of what it said is above"
    return f"set up in {done.seconds:.1f} s" if done.state is SetUpState.SUCCEEDED else ""


def _log(placed: PlacedCheckout) -> list[str]:
    is_failed = placed.set_up.state is SetUpState.FAILED
    return [visible_line(line) for line in placed.set_up.log.splitlines()[-LOG_LINES_MAX:]] if is_failed else []


def _told(left_out: dict[str, str]) -> list[str]:
    lines = [visible(f"not there: {path}  ({why})") for path, why in left_out.items()]
    more = len(lines) - LEFT_OUT_SHOWN_MAX
    return [*lines[:LEFT_OUT_SHOWN_MAX], *([f"and {more:,} more"] if more > 0 else [])]
