"""What every call costs before it does anything."""

from ..estates import generate, independent
from ..line import Line, at_most
from ..measure import alternately
from ..world import World


def start(world: World) -> list[Line]:
    """--version and --help"""
    here = world.folder / "home"
    runs = world.runs * 5
    lines = []
    for flag in ("--version", "--help"):
        times = alternately(world.envctl(here, flag), world.command(here, "/bin/true"), runs)
        peer = f"`true`: {times.peer_median * 1000:.1f} ms"
        lines.append(at_most(f"`envctl {flag}`", times.median * 1000, 5, "ms", peer=peer))
    return lines


def completion(world: World) -> list[Line]:
    """completion of a stack's name, in no project and among 10,000 stacks"""
    lines = []
    estate = generate(world, "completion", independent(1000 if world.quick else 10000))
    few = generate(world, "completion-few", independent(10))
    for place, work, limit in ((few, "completion, 10 stacks", 5), (estate, f"completion, {1000 if world.quick else 10000:,} stacks", 60)):
        command = world.envctl(place, "--", "envctl", "plan", "dev", "s")
        command.env |= {"COMPLETE": "bash", "_CLAP_COMPLETE_INDEX": "3", "_CLAP_COMPLETE_COMP_TYPE": "9", "_CLAP_COMPLETE_SPACE": "true"}
        assert "s00003" in command.output(), "no completion"
        times = alternately(command, None, world.runs * 3)
        lines.append(at_most(work, times.median * 1000, limit, "ms"))
    return lines
