"""Charts: a view says what to draw, as plain data; `Drawer` turns it into inline SVG."""

from ovreport_sitegen.charts.draw import Drawer
from ovreport_sitegen.charts.model import (
    MAX_ROWS,
    Chart,
    Kind,
    Mark,
    Picture,
    Row,
    Scatter,
    Spot,
    Tradeoff,
)

__all__ = [
    "MAX_ROWS",
    "Chart",
    "Drawer",
    "Kind",
    "Mark",
    "Picture",
    "Row",
    "Scatter",
    "Spot",
    "Tradeoff",
]
