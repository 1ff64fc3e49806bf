"""What envctl itself costs: plans by the fake engine, which sleeps or ends at once."""

import statistics

from ..estates import Stack, folders, generate, independent, lower_bound, random_graph, uneven
from ..line import Line, at_most, at_most_times
from ..measure import alternately
from ..world import World

PLAN = "exec tofu plan -json -detailed-exitcode -input=false -lock-timeout=120s -out=bare.tfplan"


def against_the_bound(world: World) -> list[Line]:
    """graphs of uneven steps, two at a time, against max(critical path, total / 2)"""
    graphs: list[tuple[str, list[Stack]]] = [("8 × 100 ms and a chain of 4 × 100 ms", uneven())]
    graphs += [(f"random graph {seed}, 40 steps of 20 to 200 ms", random_graph(seed)) for seed in ([1] if world.quick else [1, 2, 3])]
    lines = []
    for number, (work, stacks) in enumerate(graphs):
        estate = generate(world, f"steps-{number}", stacks)
        world.envctl(estate, "deploy", "dev", "--yes", "--jobs", "2").run()
        times = alternately(world.envctl(estate, "plan", "dev", "--jobs", "2"), None, world.runs)
        bound = lower_bound(stacks, 2)
        lines.append(at_most_times(f"{work}, `-j 2`", times.median, "lower bound", bound, times.median / bound, 1.10))
    return lines


def overhead(world: World) -> list[Line]:
    """what a step costs that does nothing, against xargs"""
    stacks = independent(100 if world.quick else 500)
    subject = generate(world, "overhead-envctl", stacks)
    peer = generate(world, "overhead-bare", stacks)
    list_of_folders = folders(peer, stacks)
    xargs = ("xargs", "-a", list_of_folders, "-P", world.jobs, "-n", "1", "sh", "-c")
    world.envctl(subject, "deploy", "dev", "--yes").run()
    world.command(peer, *xargs, 'cd "$0" && tofu init && tofu plan -out=p && tofu apply p').run()
    times = alternately(
        world.envctl(subject, "plan", "dev", "--jobs", str(world.jobs)),
        world.command(peer, *xargs, f'cd "$0" && {PLAN}'),
        world.runs,
    )
    more = statistics.median(s - p for s, p in zip(times.subject, times.peer, strict=True)) / len(stacks) * 1000
    work = f"what envctl adds to each of {len(stacks)} no-op steps"
    each = lambda total: f"{total / len(stacks) * 1000:.2f} ms a step"
    return [at_most(work, more, 1, "ms", each(times.median), f"`xargs -P`: {each(times.peer_median)}")]


def memory(world: World) -> list[Line]:
    """peak memory of envctl alone for a plan of 1,000 stacks"""
    stacks = independent(100 if world.quick else 1000)
    estate = generate(world, "memory", stacks)
    plan = world.envctl(estate, "plan", "dev", "--jobs", str(world.jobs))
    plan.run()
    peak = statistics.median(plan.peak_memory() for _ in range(min(world.runs, 3)))
    return [at_most(f"peak memory, `plan` of {len(stacks):,} stacks", peak, 40, "MB")]
