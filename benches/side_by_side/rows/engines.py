"""Plans by the real OpenTofu: envctl, the bare engine under xargs, and Terragrunt."""

from pathlib import Path

from ..estates import Stack, folders, generate, independent
from ..line import Line, at_most_times, times_faster
from ..measure import Command, alternately
from ..world import World

PLAN = "tofu plan -json -detailed-exitcode -input=false -lock-timeout=120s -out=bare.tfplan"
INIT = "tofu init -json -input=false -no-color -reconfigure"


def _stacks(world: World) -> list[Stack]:
    return independent(10 if world.quick else 50)


def _bare(world: World, estate: Path, script: str, stacks: list[Stack], **more) -> Command:
    """A line of shell in the folder of each stack, as many at once as envctl runs."""
    line = f'cd "$0" && {script}'
    return world.command(estate, "xargs", "-a", folders(estate, stacks), "-P", world.jobs, "-n", "1", "sh", "-c", line,
                         engines=world.real, **more)


def _planned(world: World, estate: Path, **more) -> Command:
    return world.envctl(estate, "plan", "dev", "--jobs", str(world.jobs), engines=world.real, **more)


def _pair(world: World, name: str, workspace: bool = False) -> tuple[Path, Path, list[Stack]]:
    """Two estates of the same deployed stacks: one for envctl, one for the engine alone."""
    stacks = _stacks(world)
    subject = generate(world, f"{name}-envctl", stacks, workspace=workspace)
    world.envctl(subject, "deploy", "dev", "--yes", engines=world.real).run()
    peer = generate(world, f"{name}-bare", stacks, workspace=workspace)
    make = "tofu workspace new dev && " if workspace else ""
    _bare(world, peer, f"{INIT} && {make}tofu apply -auto-approve", stacks).run()
    return subject, peer, stacks


def warm(world: World) -> list[Line]:
    """warm plan of 50 independent stacks, nothing changed, against bare plans"""
    subject, peer, stacks = _pair(world, "warm")
    # Without a shell in between: the floor is the engine's processes and nothing else.
    bare = world.command(peer, "xargs", "-a", folders(peer, stacks), "-P", world.jobs, "-I", "{}", "tofu", "-chdir={}",
                         *PLAN.split()[1:], engines=world.real)
    times = alternately(_planned(world, subject), bare, world.runs)
    work = f"warm `plan` of {len(stacks)} independent stacks, nothing changed"
    return [at_most_times(work, times.median, "bare plans", times.peer_median, times.ratio, 1.05)]


def against_terragrunt(world: World) -> list[Line]:
    """the same against terragrunt run --all plan"""
    stacks = _stacks(world)
    subject = generate(world, "units-envctl", stacks)
    world.envctl(subject, "deploy", "dev", "--yes", engines=world.real).run()
    peer = generate(world, "units-terragrunt", stacks, units=True)
    _bare(world, peer, f"{INIT} && tofu apply -auto-approve", stacks).run()
    command = world.command(peer, "terragrunt", "run", "--all", "plan", "--non-interactive", "--tf-path", "tofu",
                            "--parallelism", str(world.jobs), "--", "-input=false", "-out=bare.tfplan", engines=world.real)
    times = alternately(_planned(world, subject), command, world.runs)
    work = f"the same {len(stacks)} plans"
    return [times_faster(work, times.median, "`terragrunt run --all plan`", times.peer_median, times.ratio, 2)]


def _cold(world: World, workspace: bool) -> list[Line]:
    subject, peer, stacks = _pair(world, "workspaces" if workspace else "cold", workspace)

    def forget() -> None:
        # As in a fresh clone: the states stay, all that an init leaves goes.
        world.put_away(subject / ".envctl")
        for stack in stacks:
            world.put_away(peer / stack.path / ".terraform")

    steps = [INIT, "tofu workspace list", f"TF_WORKSPACE=dev {PLAN}"] if workspace else [INIT, f"exec {PLAN}"]
    bare = _bare(world, peer, " && ".join(steps), stacks, before=forget)
    times = alternately(_planned(world, subject, before=forget), bare, world.runs)
    name = "bare `init` + `workspace list` + `plan`" if workspace else "bare `init` + `plan`"
    work = f"cold `plan` of {len(stacks)} stacks" + (" in a workspace" if workspace else "")
    return [at_most_times(work, times.median, name, times.peer_median, times.ratio, 1.05)]


def cold(world: World) -> list[Line]:
    """cold plan (init needed) of 50 stacks against bare init + plan"""
    return _cold(world, workspace=False)


def cold_in_workspaces(world: World) -> list[Line]:
    """the same in a workspace, against bare init + workspace list + plan"""
    return _cold(world, workspace=True)
