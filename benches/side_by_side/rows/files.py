"""What is read without an engine: lists, discovery, and what git says has changed."""

from ..estates import generate, independent, layered
from ..line import Line, at_most, at_most_times, times_faster, without_target
from ..measure import alternately
from ..world import World

FASTER = {1000: 20, 5000: 50, 10000: 100}


def listing(world: World) -> list[Line]:
    """list --json of 1,000, 5,000 and 10,000 stacks, against terragrunt find on the same tree"""
    lines = []
    medians: dict[int, float] = {}
    peer = 0.0
    for count, faster in FASTER.items():
        if world.quick and count > 1000:
            continue
        for discovered in (False, True):
            estate = generate(world, f"list-{count}-{discovered}", layered(count), discovered=discovered, units=True)
            find = world.command(estate, "terragrunt", "find", "--dag", "--json", engines=world.real)
            # It does not know how envctl came by its list: one measurement of it does for both.
            times = alternately(world.envctl(estate, "list", "--json"), None if discovered else find, min(world.runs, 5))
            if not discovered:
                medians[count], peer = times.median, times.peer_median
            ratio = times.median / peer if discovered else times.ratio
            work = f"`list --json`, {count:,} {'discovered' if discovered else 'named'} stacks"
            lines.append(times_faster(work, times.median, "`terragrunt find --dag --json`", peer, ratio, faster))
            world.put_away(estate)
    if 10000 in medians:
        lines.append(at_most("`list --json`, 10,000 named stacks", medians[10000] * 1000, 100, "ms"))
        growth = medians[10000] / medians[1000]
        lines.append(without_target("growth from 1,000 to 10,000 named stacks", "", "10 × the stacks", f"{growth:.1f} × the time"))
    return lines


def discovery(world: World) -> list[Line]:
    """discovery of 10,000 directories, against find"""
    count = 1000 if world.quick else 10000
    estate = generate(world, "discovery", independent(count), discovered=True)
    find = world.command(estate, "find", "live", "-name", "*.tf", "-type", "f")
    times = alternately(world.envctl(estate, "list", "--json"), find, world.runs)
    work = f"discovery of {count:,} directories, all of `list --json`"
    return [at_most_times(work, times.median, "`find -name '*.tf'`", times.peer_median, times.ratio, 3)]


def changed(world: World) -> list[Line] | None:
    """list --changed in a repository of 5,000 stacks, against git diff and git ls-files"""
    if not world.understands("list", "--changed"):
        return None
    count = 500 if world.quick else 5000
    stacks = layered(count)
    estate = generate(world, "changed", stacks, repository=True)
    git = lambda *args: world.command(estate, "git", *args).run()
    touch = lambda number, name: open(estate / stacks[number].path / name, "a").write("# changed\n")
    git("checkout", "--quiet", "-b", "topic")
    touch(1, "main.tf")
    git("commit", "--quiet", "--all", "--message=Change")
    touch(42, "main.tf")
    touch(77, "more.tf")
    peer = world.command(estate, "sh", "-c", "git diff --name-only main && git ls-files --cached --others --exclude-standard")
    times = alternately(world.envctl(estate, "list", "--json", "--changed=main"), peer, world.runs)
    alone = alternately(world.envctl(estate, "list", "--json"), None, world.runs)
    work = f"`list --json --changed` in a repository of {count:,} stacks"
    return [
        at_most_times(work, times.median, "`git diff --name-only` + `git ls-files`", times.peer_median, times.ratio, 1.5),
        without_target("the same without `--changed`", f"{alone.median * 1000:.0f} ms"),
    ]
