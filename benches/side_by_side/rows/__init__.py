"""The rows of performance, by name."""

import sys
import time
from collections.abc import Callable

from ..line import Line
from ..world import World
from . import engines, files, scale, start, steps

ROWS: dict[str, Callable[[World], list[Line] | None]] = {
    "plan-warm": engines.warm,
    "plan-terragrunt": engines.against_terragrunt,
    "plan-cold": engines.cold,
    "plan-cold-workspaces": engines.cold_in_workspaces,
    "steps": steps.against_the_bound,
    "overhead": steps.overhead,
    "memory": steps.memory,
    "list": files.listing,
    "discovery": files.discovery,
    "changed": files.changed,
    "start": start.start,
    "completion": start.completion,
    "reuse": scale.reuse,
    "scale": scale.scale,
    "scale-plan": scale.plans,
}


def described() -> str:
    """The rows with what they measure, for the help."""
    return "\n".join(f"  {name:<22}{(row.__doc__ or '').splitlines()[0]}" for name, row in ROWS.items())


def measure(world: World, wanted: list[str]) -> tuple[list[Line], list[str]]:
    """The lines of these rows, and the rows that this envctl cannot be measured by."""
    lines: list[Line] = []
    left_out = []
    for name in wanted:
        begin = time.monotonic()
        found = ROWS[name](world)
        if found is None:
            left_out.append(name)
            continue
        lines.extend(found)
        for line in found:
            print(f"bench: {line.work}: {line.subject} {line.peer} {line.measured} {line.verdict}", file=sys.stderr)
        print(f"bench: {name} took {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return lines, left_out
