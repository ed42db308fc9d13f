"""The `worldloom` command: runs one command line and turns every ending into one sentence and an exit code.

Exit codes: 0 done, 1 failed, 2 the request is wrong, 130 interrupted. Nothing heavy is imported before a command needs it, so that
`worldloom --help` answers at once, and everything is imported inside `run`, so that Ctrl-C is met with calm from the first moment.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from app import interruption

DONE, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    interruption.listen()
    code = run(sys.argv[1:])
    if code in (INTERRUPTED, TERMINATED):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _flush()
        os._exit(code)  # worker threads in compiled code cannot be asked to stop; nothing of theirs is on disk
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every failure ends in one sentence on stderr."""
    debug, arguments = _take_debug(arguments)
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return _say_interrupted()
    except BrokenPipeError:
        # The reader of our output has gone, as in `worldloom things list | head`: nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if interruption.asked():
            return _say_interrupted(error)
        if debug:
            raise
        return _explain(error)


def _dispatch(arguments: Sequence[str]) -> int:
    import typer

    from app.commands import application

    try:
        outcome = typer.main.get_command(application)(args=list(arguments), prog_name="worldloom", standalone_mode=False)
    except typer.TyperException as error:
        sentence = " ".join(error.format_message().split()).rstrip(".")
        if sentence:  # none: the bare command has shown its help
            _complain(f"{sentence[0].lower()}{sentence[1:]}; see {_help_command(error)}")
        return BAD_INPUT
    return _say_interrupted() if outcome == INTERRUPTED else int(outcome or DONE)


def _help_command(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'worldloom'} --help"


def _explain(error: Exception) -> int:
    from pipelines.errors import Cancelled, InputError, WorldloomError

    if isinstance(error, Cancelled):
        return _say_interrupted(error)
    if isinstance(error, WorldloomError):
        _complain(str(error))
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    if isinstance(error, MemoryError):
        _complain("this machine ran out of memory: ask for fewer splats with --splats, or end other programs")
        return FAILED
    _complain(f"something unexpected happened ({type(error).__name__}: {error}); the same command with --debug shows where")
    return FAILED


def _say_interrupted(error: Exception | None = None) -> int:
    """A `Cancelled` may say itself what was left behind."""
    from pipelines.errors import Cancelled

    _complain(str(error) if isinstance(error, Cancelled) and str(error) else "interrupted; nothing half-finished was left behind")
    return TERMINATED if interruption.asked() is signal.SIGTERM else INTERRUPTED


def _complain(sentence: str) -> None:
    name = "\033[31mworldloom:\033[0m" if sys.stderr.isatty() and "NO_COLOR" not in os.environ else "worldloom:"
    line = " ".join(sentence.split())
    sys.stderr.write(f"{name} {line.encode('utf-8', 'backslashreplace').decode('utf-8')}\n")


def _take_debug(arguments: Sequence[str]) -> tuple[bool, list[str]]:
    """`--debug` may stand anywhere before a `--`."""
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word != "--debug"]
    return len(options) < end, options + words[end:]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue


if __name__ == "__main__":
    main()
