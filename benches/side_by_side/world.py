"""Builds what is measured, and the world that it runs in: nothing of the user's own is visible there."""

import os
import platform
import subprocess
from pathlib import Path

from .measure import Command, Failed


class World:
    """The programs, the folder for estates, and how often to run."""

    def __init__(self, root: Path, folder: Path, runs: int, quick: bool):
        self.root, self.folder, self.runs, self.quick = root, folder, runs, quick
        self.jobs = os.cpu_count() or 1
        engines = Path(os.environ.get("ENVCTL_ENGINES_DIR", root / ".engines")) / "bin"
        if not (engines / "tofu").exists() or not (engines / "terragrunt").exists():
            _call([str(root / "scripts" / "engines"), "tofu", "terragrunt"], root)
        _call(["cargo", "build", "--release", "--locked", "--features", "fake-engine", "--bins"], root)
        release = Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "release"
        self.envctl_program = str(release / "envctl")
        # `tofu` is the real one in one folder, the fake one in the other.
        self.real, self.fake = folder / "real", folder / "fake"
        self._link(self.real, {"tofu": engines / "tofu", "terragrunt": engines / "terragrunt"})
        self._link(self.fake, {"tofu": release / "envctl-fake-engine"})
        (folder / "home").mkdir()
        self.gone = folder / "gone"
        self.gone.mkdir()

    def _link(self, bin_folder: Path, programs: dict[str, Path]) -> None:
        bin_folder.mkdir()
        for name, program in programs.items():
            (bin_folder / name).symlink_to(program.resolve(strict=True))

    def env(self, engines: Path, **more: str) -> dict[str, str]:
        """The variables of every process, with these engines first on PATH."""
        fixed = {
            "PATH": f"{engines}:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "CHECKPOINT_DISABLE": "1",
            "TG_TELEMETRY_TRACE_EXPORTER": "none",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "bench",
            "GIT_AUTHOR_EMAIL": "bench@example.com",
            "GIT_COMMITTER_NAME": "bench",
            "GIT_COMMITTER_EMAIL": "bench@example.com",
        }
        return fixed | more

    def command(self, estate: Path, *argv: str, engines: Path | None = None, **more) -> Command:
        """A program in an estate."""
        return Command([str(arg) for arg in argv], estate, self.env(engines or self.fake), **more)

    def envctl(self, estate: Path, *args: str, engines: Path | None = None, **more) -> Command:
        """envctl in an estate."""
        return self.command(estate, self.envctl_program, *args, engines=engines, **more)

    def understands(self, verb: str, flag: str) -> bool:
        """Whether a verb has a flag: rows come with what they measure."""
        return flag in self.envctl(self.folder / "home", verb, "--help").output()

    def versions(self) -> dict[str, str]:
        """What was measured, each as it calls itself."""
        here = self.folder / "home"
        first = lambda *argv: self.command(here, *argv, engines=self.real).output().splitlines()[0].strip()
        return {
            "envctl": first(self.envctl_program, "--version").removeprefix("envctl ") + f" ({self._commit()})",
            "OpenTofu": first("tofu", "version").removeprefix("OpenTofu "),
            "Terragrunt": first("terragrunt", "--version").removeprefix("terragrunt version "),
            "git": first("git", "--version").removeprefix("git version "),
            "find": first("find", "--version").removeprefix("find "),
            "xargs": first("xargs", "--version").removeprefix("xargs "),
        }

    def _commit(self) -> str:
        git = lambda *args: subprocess.run(["git", *args], cwd=self.root, check=True, capture_output=True, text=True).stdout
        dirty = any(line[3:] != "docs/benchmarks.md" for line in git("status", "--porcelain").splitlines())
        return git("rev-parse", "--short=12", "HEAD").strip() + (" and uncommitted changes" if dirty else "")

    def machine(self) -> str:
        """Cores, memory, operating system, load; no names."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
        system = release.get("PRETTY_NAME", platform.system())
        return f"{self.jobs} cores ({platform.machine()}), {memory:.0f} GB of memory, {system}, Linux {platform.release().split('-')[0]}"

    def load(self) -> str:
        """How busy the machine was meanwhile: envctl's own work is part of it."""
        return f"load average at the end {os.getloadavg()[1]:.1f}"

    def put_away(self, path: Path) -> None:
        """Moves something out of the way until the end, where it was made.

        To delete it would slow what comes next: ext4 does not take an inode again that was freed in the last minutes,
        and passes over each of them whenever a file is made.
        """
        if path.exists():
            path.rename(self.gone / str(sum(1 for _ in self.gone.iterdir())))


def _call(argv: list[str], root: Path) -> None:
    # What it prints belongs to the progress, not to the table.
    if subprocess.run(argv, cwd=root, stdout=2, check=False).returncode != 0:
        raise Failed(f"`{' '.join(argv)}` failed")
