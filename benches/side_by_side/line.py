"""One line of the table: what was measured, against what, and whether the target is met."""

from dataclasses import dataclass


@dataclass
class Line:
    """A line; `met` is None where performance.md sets no target."""

    work: str
    subject: str
    peer: str
    measured: str
    target: str
    met: bool | None
    missed_by: str = ""

    @property
    def verdict(self) -> str:
        if self.met is None:
            return "–"
        return "met" if self.met else f"**not met**, by {self.missed_by}"


def seconds(value: float) -> str:
    """A time with three digits or so: 4.2 ms, 312 ms, 1.31 s."""
    if value < 0.0995:
        return f"{value * 1000:.1f} ms"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 99.95 else f"{value:.0f} s"


def at_most_times(work: str, subject: float, peer_name: str, peer: float, ratio: float, limit: float) -> Line:
    """The subject may take so many times as long as the floor."""
    missed = f"{ratio / limit - 1:.0%}"
    return Line(work, seconds(subject), f"{peer_name}: {seconds(peer)}", f"{ratio:.2f} ×", f"≤ {limit:g} ×", ratio <= limit, missed)


def times_faster(work: str, subject: float, peer_name: str, peer: float, ratio: float, limit: float) -> Line:
    """The peer must take so many times as long as the subject; the ratio is subject to peer."""
    faster = 1 / ratio
    return Line(work, seconds(subject), f"{peer_name}: {seconds(peer)}", f"{faster:.1f} × faster", f"≥ {limit:g} × faster",
                faster >= limit, f"{1 - faster / limit:.0%}")


def at_most(work: str, value: float, limit: float, unit: str, subject: str | None = None, peer: str = "") -> Line:
    """The value has a limit of its own."""
    shown = f"{value:.2f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return Line(work, subject or shown, peer, shown, f"≤ {limit:g} {unit}", value <= limit, f"{value - limit:.2g} {unit}")


def without_target(work: str, subject: str, peer: str = "", measured: str = "") -> Line:
    """Worth knowing."""
    return Line(work, subject, peer, measured, "", None)
