"""The study of calibration, as `tests/benchmarks/calibration_study.py` writes it for the site."""

from __future__ import annotations

from msgspec import Struct

from ovreport_sitegen import studies


class LoadShift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a burner process on one core did to a figure."""

    rounds: int
    """With the burner; the others are the study's own."""
    raw: float
    """Median with the burner ÷ median without."""
    adjusted: float
    """The same of adjusted figures, slope from the other cases' rounds without it."""


class CalibrationRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calibration serves one figure of one case."""

    figure: str
    """`latency`, `throughput`, or `ratio of latency` to f32."""
    model: str
    precision: str
    device: str
    rounds: int
    spread: float
    """Standard deviation of the logarithm over rounds."""
    device_correlation: float
    """Of the logarithms: the figure, and the small model on the device."""
    host_correlation: float
    """The same with the matrix product on the host."""
    slope: float
    """Least squares, of this case alone."""
    left_own: float
    """Leave-one-round-out spread with its own slope ÷ raw leave-one-out spread."""
    left_others: float
    """Spread with the other cases' slope ÷ raw: what ovreport does."""
    left_later: float
    """The same in the later half of the rounds, slope from the others' earlier half."""
    width: float
    """Adjusted interval ÷ raw one."""
    adjusted: bool
    """Whether the rule, which looks at the other cases only, adjusts it."""
    load: LoadShift | None = None
    """None where no round was loaded."""


class SimulationRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Simulated sessions with known truth."""

    setting: str
    rounds: int
    cases: int
    sessions: int
    adjusted: float
    """Share of sessions in which the rule adjusts."""
    coverage: float | None
    """Share of the adjusted 95 % intervals that hold the truth; None where none was adjusted."""
    coverage_narrower: float | None
    """The same, of those that are narrower than the raw one."""
    width: float | None
    """Median width of the adjusted interval ÷ the raw one's, where adjusted."""


class CalibrationStudy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Written by `tests/benchmarks/calibration_study.py`."""

    measured_at: str
    machine: str
    openvino: str
    conditions: str
    """What else ran meanwhile, in a sentence."""
    command: str
    rows: list[CalibrationRow]
    simulated: list[SimulationRow]


def load() -> CalibrationStudy:
    """Return the study that this ovreport carries."""
    return studies.load("calibration", CalibrationStudy)
