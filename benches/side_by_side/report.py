"""The table, on the screen and in docs/benchmarks.md."""

from datetime import UTC, datetime
from pathlib import Path

from .line import Line
from .measure import Failed
from .world import World

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def block(world: World, lines: list[Line], left_out: list[str]) -> str:
    """All that one invocation has found out."""
    versions = ", ".join(f"{name} {version}" for name, version in world.versions().items())
    judged = [line for line in lines if line.met is not None]
    text = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {world.machine()}; {world.load()}. {versions}.",
        f"{world.runs} runs each at most, {world.jobs} stacks at a time unless a row says otherwise.",
        f"{sum(line.met is True for line in judged)} of {len(judged)} targets are met.",
        "",
        "| work | envctl | floor or peer | measured | target | |",
        "|---|---|---|---|---|---|",
    ]
    text += [_row(line) for line in lines]
    text += [f"\nNot measured, because this envctl has no such flag: `{name}`." for name in left_out]
    return "\n".join(text) + "\n"


def _row(line: Line) -> str:
    return f"| {line.work} | {line.subject} | {line.peer} | {line.measured} | {line.target} | {line.verdict} |"


def write(page: Path, text: str) -> None:
    """Puts the table between the marks of the page; what is written around them stays."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failed(f"{page.name} has no place for the table, between {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
