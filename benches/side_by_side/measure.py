"""Times whole processes: subject and peer by turns, so that a busy machine slows both."""

import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# A row ends after this many seconds even when runs are left, but not before three of each.
LONG_ENOUGH = 60.0
AT_LEAST = 3


class Failed(Exception):
    """A command that did not do what is to be timed."""


@dataclass
class Command:
    """A program, where and in which world it runs, and what is done before each run, outside the time."""

    argv: list[str]
    cwd: Path
    env: dict[str, str]
    statuses: tuple[int, ...] = (0,)
    before: Callable[[], None] | None = None

    def run(self) -> float:
        """Runs it once; the seconds that it took."""
        if self.before:
            self.before()
        with open(self.cwd.parent / "stderr", "w+b") as errors:
            begin = time.perf_counter()
            process = subprocess.Popen(self.argv, cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=errors, close_fds=False)
            status = process.wait()
            seconds = time.perf_counter() - begin
            self._check(status, errors)
        return seconds

    def output(self) -> str:
        """What it prints."""
        with open(self.cwd.parent / "stderr", "w+b") as errors:
            done = subprocess.run(self.argv, cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=errors, check=False)
            self._check(done.returncode, errors)
        return done.stdout.decode()

    def peak_memory(self) -> float:
        """The largest resident set of this process alone, without its children, in MB."""
        if self.before:
            self.before()
        peak = 0
        with open(self.cwd.parent / "stderr", "w+b") as errors:
            process = subprocess.Popen(self.argv, cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=errors)
            # The high-water mark never falls: its last reading is at most one interval old.
            while process.poll() is None:
                peak = max(peak, _high_water(process.pid))
                time.sleep(0.002)
            self._check(process.returncode, errors)
        return peak / 1000

    def _check(self, status: int, errors) -> None:
        if status not in self.statuses:
            errors.seek(0)
            tail = errors.read().decode(errors="replace").strip().splitlines()[-12:]
            said = "\n  ".join(["", *tail]) if tail else ""
            raise Failed(f"`{' '.join(self.argv)[:300]}` ended with status {status}{said}")


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 // 1000
    return 0


@dataclass
class Times:
    """The times of one command or of two by turns, in seconds."""

    subject: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.subject)

    @property
    def peer_median(self) -> float:
        return statistics.median(self.peer)

    @property
    def ratio(self) -> float:
        """Subject to peer: the median over the pairs, which ran one right after the other."""
        return statistics.median(s / p for s, p in zip(self.subject, self.peer, strict=True))


def alternately(subject: Command, peer: Command | None, runs: int, warm_up: bool = True) -> Times:
    """Runs both by turns, the first one changing, after a run of each that does not count."""
    times = Times()
    if warm_up:
        subject.run()
        if peer:
            peer.run()
    begin = time.perf_counter()
    for turn in range(runs):
        if turn >= AT_LEAST and time.perf_counter() - begin > LONG_ENOUGH:
            break
        order = [(subject, times.subject)] + ([(peer, times.peer)] if peer else [])
        for command, seconds in order if turn % 2 == 0 else reversed(order):
            seconds.append(command.run())
    return times
