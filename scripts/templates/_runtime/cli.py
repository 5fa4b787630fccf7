"""The command line: print what is in progress, or wait until it has ended.

The client is not loaded before a command runs: `--help` and `--version` are quick.
"""

from __future__ import annotations

import argparse
import io
import logging
import re
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple, NoReturn, TypeAlias

from .errors import APIError, APIStatusError, ResponseDecodeError, shortened
from .log import logger
from .terminal import NAME, Terminal, complain, write
from .waiting import LongRunning

Record: TypeAlias = LongRunning[Any]

OK, UNSUCCESSFUL, USAGE, REFUSED, OUT_OF_TIME, INTERRUPTED = 0, 1, 2, 3, 124, 130
CODES = {
    USAGE: "the command is wrong",
    REFUSED: "the API refused, could not be reached, or gave an answer that makes no sense",
    INTERRUPTED: "interrupted",
}
"""What the exit codes mean that each command has."""


class Program(NamedTuple):
    """What there is to know of a package."""

    key_variable: str
    environment_variable: str
    environments: tuple[str, ...]
    """What `--environment` may say; the first is the default."""
    operations: Mapping[str, Record]
    """The client's methods that get something that can be printed and waited for."""


def run(program: Program) -> int:
    """Run the command line, and return its exit code."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # It was closed by whoever started this.
            setattr(sys, name, io.TextIOWrapper(io.BytesIO()))
    # Without this, nothing would happen to the first process of a container.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        try:
            return _run(_options(program))
        finally:
            for stream in (sys.stdout, sys.stderr):
                write(stream, "")  # What argparse has printed may meet a closed pipe here.
    except BrokenPipeError:  # As from `| head`.
        return OK
    except KeyboardInterrupt:
        again = shortened(shlex.join([NAME, *sys.argv[1:]]), 1000)
        complain(f"interrupted; to take it up again: {again}")
        return INTERRUPTED
    except (APIError, ValueError, OSError, ImportError) as error:
        # Of certificates, proxies and files that the environment names.
        advice = ", or pass allow_insecure_http=True|pass it as token=..., or "  # to programmers
        complain(re.sub(advice, "", str(error)))
        return REFUSED if isinstance(error, APIError) else USAGE


def _options(program: Program) -> argparse.Namespace:
    """Return what the arguments say, or end with what is wrong with them."""
    names, variable = program.environments, program.environment_variable
    environments = f"{', '.join(names)} or a URL; by default what {variable} says, else {names[0]}"
    common = argparse.ArgumentParser(NAME, add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--environment", metavar="NAME", help=environments.replace("%", "%%"))
    common.add_argument("--json", action="store_true", help="print what the API sent")
    common.add_argument("--verbose", action="store_true", help="show the log, on stderr")
    common.add_argument("--quiet", action="store_true", help="show nothing but what went wrong")
    parser = argparse.ArgumentParser(
        NAME,
        parents=[common],
        description=f"The API key comes from the environment variable {program.key_variable}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = import_module(".._version", __package__).__version__
    parser.add_argument("--version", action="version", version=f"%(prog)s {version}")
    try:
        import_module("shtab").add_argument_to(parser, help="print the completion for a shell")
    except ModuleNotFoundError:
        parser.add_argument("--print-completion", type=_without_extra, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    examples = ["examples:"]
    for operation, record in program.operations.items():
        ending = f"-{record.noun.replace('_', '-')}" if len(program.operations) > 1 else ""
        add = partial(commands.add_parser, parents=[common], formatter_class=parser.formatter_class)
        examples.append(_add_commands(add, ending, operation, record))
    parser.epilog = "\n".join([*examples, "The exit codes are in the help of each command."])
    others = common.parse_known_args()[1]
    word = next((one for one in others if not one.startswith("-")), "")
    close = get_close_matches(word, [*commands.choices], n=1)
    if close and word not in commands.choices:
        parser.error(f"there is no command {word!r}: did you mean {close[0]!r}?")
    defaults = argparse.Namespace(environment=None, json=False, verbose=False, quiet=False)
    return parser.parse_args(namespace=defaults)


def _add_commands(
    add: Callable[..., argparse.ArgumentParser], ending: str, operation: str, record: Record
) -> str:
    """Add the command that prints some, and the one that waits for some; return examples."""
    noun, id_name = record.noun, record.id_name.upper()
    get, wait = f"get{ending}", f"wait{ending}"
    examples = f"""\
  {NAME} {get} {id_name} --json > {noun}.json
  {NAME} {wait} {id_name} --max-wait 30m && echo done
  {NAME} {wait} --json - < ids.txt > {noun}s.jsonl
"""
    of_get = {OK: f"printed, in whatever state: a failed {noun}, too"}
    of_wait = {
        OK: f"every {noun} has ended as {' or '.join(sorted(record.succeeded))}",
        UNSUCCESSFUL: "one has ended in another way",
        OUT_OF_TIME: f"the wait ran out; of several, {REFUSED} goes before it, and it before 1",
    }
    for name, run_it, does, own_codes in (
        (get, _get, f"print {noun}s as they are now", of_get),
        (wait, _wait, f"wait for {noun}s; print each as it ends", of_wait),
    ):
        codes = [f"  {code:<4} {means}" for code, means in sorted((own_codes | CODES).items())]
        parser = add(name, help=does)
        parser.epilog = "\n".join(["examples:", examples, "exit codes:", *codes])
        of_ids = f"the id of a {noun}; `-` reads ids from stdin"
        parser.add_argument("ids", metavar=id_name, nargs="+", help=of_ids)
        parser.set_defaults(run=run_it, operation=operation, record=record)
    span: dict[str, Any] = {"type": _seconds, "metavar": "TIME"}
    help_text = "90, 45s, 30m, 1h30m or none; by default 1h"
    parser.add_argument("--max-wait", default="1h", help=help_text, **span)
    parser.add_argument("--interval", help="between two polls; by default it grows", **span)
    parser.add_argument("--fail-fast", action="store_true", help="end with the first bad end")
    return examples


def _without_extra(_: str) -> NoReturn:
    raise argparse.ArgumentTypeError(f"it needs an extra: pip install '{NAME}[cli]'")


def _seconds(text: str) -> float | None:
    """Read a time that people write."""
    if text == "none":
        return None
    number = r"(\d+(?:\.\d+)?)"
    parts = re.fullmatch(rf"(?:{number}h)?(?:{number}m)?(?:{number}s?)?", text, re.ASCII)
    hours, minutes, seconds = (float(part or 0) for part in parts.groups()) if parts else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not total:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90, 45s, 30m or 1h30m")
    return total


def _ids(words: list[str]) -> list[str]:
    """Return the ids that are given, those on stdin included."""
    ids = [word for word in words if word != "-"]
    if len(ids) < len(words):
        data = sys.stdin.buffer.read()
        encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
        ids += re.findall(r"""[^\s,;"'\[\]\ufeff]+""", data.decode(encoding, "replace"))
    if not ids:
        raise ValueError("there are no ids on stdin")
    return ids


def _run(options: argparse.Namespace) -> int:
    """Run a command, and return its exit code."""
    if options.verbose:
        logger.setLevel(logging.DEBUG)
    client_class = import_module("..client", __package__).Client
    with client_class(environment=options.environment) as client:
        terminal = Terminal(options.record, client.base_url, is_quiet=options.quiet)
        code: int = options.run(client, terminal, options)
        return code


def _get(client: Any, terminal: Terminal, options: argparse.Namespace) -> int:
    """Print each as it is now; as it came, even where it cannot be read."""
    code = OK
    for item_id in _ids(options.ids):
        try:
            response = getattr(client.with_raw_response, options.operation)(item_id)
            terminal.show(response.content if options.json else response.parsed)
        except APIError as error:
            if options.json and isinstance(error, ResponseDecodeError):
                terminal.show(str(error.body).encode())
            complain(error)
            code = REFUSED
            if isinstance(error, APIStatusError) and error.status_code == 401:
                break  # The key is as wrong for the others.
    return code


def _wait(client: Any, terminal: Terminal, options: argparse.Namespace) -> int:
    """Print each as it ends, and return what they all come to."""
    codes = {OK}
    responses = getattr(client.with_raw_response, f"wait_for_{options.record.noun}s")(
        _ids(options.ids),
        max_wait=options.max_wait,
        poll_interval=options.interval,
        on_update=terminal.update,
    )
    try:
        for response in responses:
            terminal.show(compact(response.content) if options.json else response.parsed)
            if not terminal.record.is_success(response.parsed):
                codes.add(UNSUCCESSFUL)
                if options.fail_fast:
                    break
    except ExceptionGroup as lost:
        for error in lost.exceptions:
            codes.add(OUT_OF_TIME if isinstance(error, TimeoutError) else REFUSED)
            complain(error)
    return next(code for code in (REFUSED, OUT_OF_TIME, UNSUCCESSFUL, OK) if code in codes)


def compact(json: bytes) -> bytes:
    """Return JSON without the white space between its tokens, and else as it is."""
    return re.sub(rb'("(?:[^"\\]|\\.)*")|\s+', rb"\1", json.removeprefix(b"\xef\xbb\xbf"))
