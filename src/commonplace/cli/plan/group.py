"""`commonplace plan`: where a model runs; its verbs stand beside this file."""

from importlib import import_module

import click

from commonplace.cli.arguments.verb import VerbGroup

# verb -> the module beside this one that holds its command (`import` is `import_` there)
_VERBS = {
    "check": "_check",
    "order": "_make",
    "make": "_make",
    "diff": "_check",
    "report": "_check",
    "demo": "_input",
    "import": "_input",
    "demand": "_demand",
}


class _PlanGroup(VerbGroup):
    """A group that imports the module of a verb only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module = import_module(f"commonplace.cli.plan.{_VERBS[cmd_name]}")
        command = getattr(module, "import_" if cmd_name == "import" else cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_PlanGroup,
    short_help="Plan machines, network and power on one horizon.",
    examples=(
        "commonplace plan demo region",
        "commonplace plan check region",
        "commonplace plan order region --out ordered",
        "commonplace plan make region --out made",
    ),
)
def plan() -> None:
    """Plan machines, network and power: no chip goes where there is not enough network."""
