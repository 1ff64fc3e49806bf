"""Generated estates: folders of small stacks, and the environments.toml over them."""

import json
import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .world import World

HCL = """terraform {{
  backend "local" {{{backend}}}
}}

variable "size" {{
  type    = string
  default = "small"
}}

resource "terraform_data" "{name}" {{
  input = "{name}"
}}

output "id" {{
  value = terraform_data.{name}.id
}}
"""


@dataclass
class Stack:
    """A stack: its name, the stacks before it, how long the fake engine's plan of it sleeps."""

    name: str
    needs: list[str]
    sleep_ms: int = 0

    @property
    def path(self) -> str:
        """Ten stacks to a folder: `live/g0042/s00427`."""
        return f"live/g{int(self.name[1:]) // 10:04}/{self.name}"


def independent(count: int) -> list[Stack]:
    """Stacks without edges."""
    return [Stack(f"s{number:05}", []) for number in range(count)]


def layered(count: int) -> list[Stack]:
    """Groups of ten: a base, three that need it, six that need two of these; every base needs the first."""
    name = "s{:05}".format
    stacks = []
    for number in range(count):
        base, place = number - number % 10, number % 10
        if place == 0:
            needs = [] if base == 0 else [name(0)]
        elif place < 4:
            needs = [name(base)]
        else:
            needs = [name(base + 1 + place % 3), name(base + 1 + (place + 1) % 3)]
        stacks.append(Stack(name(number), needs))
    return stacks


def uneven() -> list[Stack]:
    """Eight steps of 100 ms, and a chain of four."""
    single = [Stack(f"s{number:05}", [], 100) for number in range(8)]
    chain = [Stack(f"s{number:05}", [f"s{number - 1:05}"] if number > 8 else [], 100) for number in range(8, 12)]
    return single + chain


def random_graph(seed: int) -> list[Stack]:
    """Forty steps of 20 to 200 ms, each with up to two steps before it."""
    dice = random.Random(seed)
    stacks: list[Stack] = []
    for number in range(40):
        before = dice.sample(stacks, min(len(stacks), dice.randint(0, 2)))
        stacks.append(Stack(f"s{number:05}", [stack.name for stack in before], dice.randint(20, 200)))
    return stacks


def lower_bound(stacks: list[Stack], jobs: int) -> float:
    """No schedule is faster, in seconds: max(critical path, total / jobs)."""
    ends: dict[str, int] = {}
    for stack in stacks:
        ends[stack.name] = stack.sleep_ms + max((ends[name] for name in stack.needs), default=0)
    return max(max(ends.values()), sum(stack.sleep_ms for stack in stacks) / jobs) / 1000


def generate(world: World, name: str, stacks: list[Stack], *, discovered: bool = False, units: bool = False,
             workspace: bool = False, repository: bool = False, empty: bool = False) -> Path:
    """Writes an estate: its stacks named or discovered, with a unit file beside each for Terragrunt, in git."""
    estate = world.folder / name / "estate"
    estate.mkdir(parents=True)
    toml = ['[project]\nname = "estate"\nengine = "tofu"\n', "[environments.dev]"]
    if workspace:
        toml.append('workspace = "dev"\ncreate_workspace = "always"')
    if discovered:
        toml.append('\n[discover]\npaths = ["live/*/<unit>"]\nname = "{unit}"')
    by_name = {stack.name: stack for stack in stacks}
    for stack in stacks:
        folder = estate / stack.path
        folder.mkdir(parents=True)
        # Where the engine looks by itself, its first init would find states to move, and ask.
        backend = ' workspace_dir = "states" ' if workspace else ""
        (folder / "main.tf").write_text(HCL.format(name=stack.name, backend=backend))
        script: dict[str, object] = {"backend": "local"}
        if not empty:
            script |= {"resources": {f"terraform_data.{stack.name}": stack.name}, "outputs": {"id": "1"}}
        if stack.sleep_ms:
            script["steps"] = {"plan": {"sleep_ms": stack.sleep_ms}}
        (folder / "fake-engine.json").write_text(json.dumps(script))
        if units:
            paths = [f"../../../{by_name[need].path}" for need in stack.needs]
            edges = f"dependencies {{\n  paths = {json.dumps(paths)}\n}}\n" if paths else ""
            (folder / "terragrunt.hcl").write_text(edges)
        if not discovered:
            toml.append(f'\n[stacks.{stack.name}]\npath = "{stack.path}"\nneeds = {json.dumps(stack.needs)}')
        elif stack.needs:
            toml.append(f"\n[stacks.{stack.name}]\nneeds = {json.dumps(stack.needs)}")
    (estate / "environments.toml").write_text("\n".join(toml) + "\n")
    (estate / ".gitignore").write_text(".envctl/\n.terraform/\nterraform.tfstate*\n.terraform.tfstate*\nbare.tfplan\n")
    if repository:
        for args in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "--message=Begin"]):
            subprocess.run(["git", *args], cwd=estate, env=world.env(world.fake), check=True, stdout=2)
    # What is on its way to the disk would be written while something is timed.
    os.sync()
    return estate


def folders(estate: Path, stacks: list[Stack]) -> Path:
    """A file with the folder of each stack, for xargs."""
    file = estate.parent / "folders"
    file.write_text("".join(f"{stack.path}\n" for stack in stacks))
    return file
