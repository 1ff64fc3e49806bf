"""Estates of 1,000, 5,000 and 10,000 stacks: no targets, but how the work grows."""

import json
from pathlib import Path

from ..estates import generate, layered
from ..line import Line, seconds, without_target
from ..measure import Failed, alternately
from ..world import World


def _sizes(world: World) -> list[int]:
    return [1000] if world.quick else [1000, 5000, 10000]


def _change_one(estate: Path, path: str) -> None:
    with open(estate / path / "main.tf", "a") as file:
        file.write("# changed\n")


def scale(world: World) -> list[Line]:
    """list, graph, check and --changed on estates of 1,000, 5,000 and 10,000 stacks"""
    verbs = {
        "list": ["list", "dev"],
        "graph": ["graph", "dev", "--format", "json"],
        "check": ["check", "dev"],
    }
    if world.understands("list", "--changed"):
        verbs["list --changed"] = ["list", "dev", "--changed=main"]
    lines = []
    for discovered in (False, True):
        kind = "discovered" if discovered else "named"
        medians: dict[str, list[str]] = {name: [] for name in verbs}
        for count in _sizes(world):
            stacks = layered(count)
            estate = generate(world, f"scale-{kind}-{count}", stacks, discovered=discovered, repository=True)
            _change_one(estate, stacks[3].path)
            for name, args in verbs.items():
                medians[name].append(seconds(alternately(world.envctl(estate, *args), None, min(world.runs, 3)).median))
            world.put_away(estate)
        shown = " / ".join(f"{count:,}" for count in _sizes(world))
        lines += [without_target(f"`{name}`, {shown} {kind} stacks", " / ".join(found)) for name, found in medians.items()]
    return lines


def plans(world: World) -> list[Line]:
    """plan with the fake engine, and memory, of 1,000, 5,000 and 10,000 stacks"""
    shown = " / ".join(f"{count:,}" for count in _sizes(world))
    first, again, peaks = [], [], []
    for count in _sizes(world):
        estate = generate(world, f"plans-{count}", layered(count))
        plan = world.envctl(estate, "plan", "dev", "--jobs", str(world.jobs))
        first.append(seconds(plan.run()))
        again.append(seconds(plan.run()))
        peaks.append(f"{plan.peak_memory():.0f} MB")
        world.put_away(estate)
    return [
        without_target(f"first `plan`, {shown} stacks, fake engine", " / ".join(first)),
        without_target("the same again", " / ".join(again)),
        without_target("peak memory of it", " / ".join(peaks)),
    ]


def reuse(world: World) -> list[Line] | None:
    """plan --reuse of 10,000 unchanged stacks"""
    if not world.understands("plan", "--reuse"):
        return None
    count = 1000 if world.quick else 10000
    estate = generate(world, "reuse", layered(count), repository=True, empty=True)
    plan = world.envctl(estate, "plan", "dev")
    plan.run()
    first = plan.run()
    reused = world.envctl(estate, "plan", "dev", "--reuse")
    times = alternately(reused, None, min(world.runs, 3))
    report = json.loads(world.envctl(estate, "plan", "dev", "--reuse", "--json").output())
    again = sum(stack["reused"] for stack in report["stacks"])
    if again < count:
        raise Failed(f"only {again} of {count} stacks were reused")
    work = f"`plan --reuse` of {count:,} unchanged stacks"
    return [without_target(work, seconds(times.median), f"`plan`, fake engine: {seconds(first)}", f"{times.median / first:.2f} ×")]
