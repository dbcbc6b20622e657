"""The console command `workbench`: lab, run, serve, doctor, export, import, secrets, backup …"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.base.errors import WorkbenchError

app = typer.Typer(
    name="workbench",
    help="A workflow workbench for notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

HomeOption = Annotated[Path | None, typer.Option(help="Folder of the store; default: the setting HOME.")]


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab with the workbench; everything after it goes to `jupyter lab`."""
    from workbench.cli.lab import open_lab

    open_lab(context.args)


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A .flow.json, or a .py that builds a function.")],
    inputs: Annotated[list[str] | None, typer.Option("--input", "-i", help="NAME=VALUE, as JSON or as text.")] = None,
    name: Annotated[str | None, typer.Option(help="Which function, when the file builds several.")] = None,
    home: HomeOption = None,
) -> None:
    """Run a function and follow it. Exit code: 0 completed, 1 failed, 130 interrupted."""
    from workbench.cli.run import run_file

    raise typer.Exit(run_file(file, inputs or [], name, home))


@app.command(name="export")
def export_functions(
    path: Annotated[Path, typer.Argument(help="Where to: a .flow.json for git and people, a .json, or a .py.")],
    names: Annotated[list[str] | None, typer.Argument(help="Functions by name; none: all of them.")] = None,
    canvas: Annotated[str | None, typer.Option(help="A canvas with all of its functions; or only those on it.")] = None,
    home: HomeOption = None,
) -> None:
    """Write functions into a file, without their runs and secrets."""
    from workbench.cli.transfer import export_to

    raise typer.Exit(export_to(path, names or [], canvas, home))


@app.command(name="import")
def import_functions(
    path: Annotated[Path, typer.Argument(help="A file that `workbench export` wrote.")],
    preview: Annotated[bool, typer.Option(help="Only say what would be done. Exit code 1 if it would fail.")] = False,
    on_conflict: Annotated[
        str, typer.Option(help="What is here already: skip, update, or create a second one.")
    ] = "skip",
    canvas: Annotated[str | None, typer.Option(help="The canvas that all of them go to.")] = None,
    home: HomeOption = None,
) -> None:
    """Bring functions in from a file: all of it, or nothing."""
    from workbench.cli.transfer import import_from

    raise typer.Exit(import_from(path, on_conflict, canvas, home, preview=preview))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; default: the setting HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one; default: the setting PORT.")] = None,
    home: HomeOption = None,
    make_key: Annotated[str | None, typer.Option(help="Make an API key of this name and show it once.")] = None,
) -> None:
    """Serve the API and the engine without Jupyter."""
    from workbench.cli.serve import serve_until_stopped

    serve_until_stopped(host, port, home, make_key)


@app.command()
def doctor(home: HomeOption = None) -> None:
    """Say what is installed, what runs, what is switched off and why. Exit code 1 when something is wrong."""
    from workbench.cli.doctor import examine

    raise typer.Exit(0 if examine(home) else 1)


@app.command()
def backup(path: Annotated[Path, typer.Argument(help="A new folder.")], home: HomeOption = None) -> None:
    """Write a backup of the store into a new folder; the workbench may run meanwhile."""
    from workbench.cli.upkeep import back_up

    raise typer.Exit(back_up(path, home))


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A folder that `workbench backup` made.")],
    home: HomeOption = None,
    replace: Annotated[bool, typer.Option(help="Move a store that is there aside.")] = False,
) -> None:
    """Make the store anew from a backup. What is there is never overwritten."""
    from workbench.cli import upkeep

    raise typer.Exit(upkeep.restore(path, home, replace=replace))


@app.command()
def verify(
    home: HomeOption = None,
    online: Annotated[bool, typer.Option(help="While a workbench runs on it.")] = False,
) -> None:
    """Read every fact, value and table, and compare tables and log. Exit code 1 when something is wrong."""
    from workbench.cli import upkeep

    raise typer.Exit(upkeep.verify(home, online=online))


@app.command()
def compact(home: HomeOption = None) -> None:
    """Drop the history that is only kept for safety, now: what was deleted is gone from the disk."""
    from workbench.cli import upkeep

    raise typer.Exit(upkeep.compact(home))


secrets_app = typer.Typer(help="Passwords and tokens that blocks read by name.", no_args_is_help=True)
app.add_typer(secrets_app, name="secrets")


@secrets_app.command(name="set")
def set_secret(
    name: Annotated[str, typer.Argument(help="Expressions read it as {{ secrets.NAME }}.")],
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    home: HomeOption = None,
) -> None:
    """Make a secret or give it a new value, which is asked for, or read from standard input: never an argument."""
    from workbench.cli import secrets

    raise typer.Exit(secrets.set_value(name, description, home))


@secrets_app.command(name="list")
def list_secrets(home: HomeOption = None) -> None:
    """Say which secrets there are, and which functions name them. No command shows a value."""
    from workbench.cli import secrets

    raise typer.Exit(secrets.show(home))


@secrets_app.command(name="delete")
def delete_secret(name: str, home: HomeOption = None) -> None:
    """Delete a secret; blocks that name it fail from now on."""
    from workbench.cli import secrets

    raise typer.Exit(secrets.delete(name, home))


@secrets_app.command()
def rotate(
    home: HomeOption = None,
    keep_old_keys: Annotated[bool, typer.Option(help="So that backups made before can still be read.")] = False,
) -> None:
    """Encrypt every secret with a new key and throw the old one away."""
    from workbench.cli import secrets

    raise typer.Exit(secrets.rotate(home, keep_old_keys=keep_old_keys))


def main() -> None:
    """Run the command; an error for a person is printed as one, without a traceback."""
    try:
        app()
    except WorkbenchError as error:
        from rich.console import Console  # commands that need no colours start without it
        from rich.text import Text

        Console(stderr=True).print(Text.assemble(("Error:", "bold red"), f" {error}"))
        sys.exit(1)


if __name__ == "__main__":
    main()
