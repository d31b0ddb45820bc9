"""What both programs do alike: their version, their exit status, and what is wrong in one line."""

import os
import sys
from typing import Any

import typer

from ..errors import InputRefused


def version_option(program: str) -> Any:
    """Return the option --version of a program, which prints it and exits."""

    def print_version(wanted: bool) -> None:
        if wanted:
            from ..runtime.provenance import version

            print(f"{program} {version()}")
            raise typer.Exit

    return typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")


def run_app(app: typer.Typer, program: str, arguments: list[str] | None = None) -> int:
    """Run a command line; the exit status is 0 only when the job was done, 2 for a wrong call, 1 otherwise."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = typer.main.get_command(app)
    try:
        status = command.main(arguments or ["--help"], prog_name=program, standalone_mode=False)
        return (status or 0) if arguments else 2
    except InputRefused as error:
        return _failed(program, str(error))
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _failed(program, "interrupted", 130)
    except Exception as error:
        # Newer typer brings its own copy of click, so no one class catches wrong calls in all versions.
        if not hasattr(error, "format_message"):
            raise
        return _failed(program, f"{error.format_message()} (see {program} --help)", 2)


def _failed(program: str, message: str, status: int = 1) -> int:
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    return status
