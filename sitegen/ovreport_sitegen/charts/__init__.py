"""Charts: a view says what to draw (`Chart`, `Scatter`), `Drawer` turns it into inline SVG."""

from ovreport_sitegen.charts.draw import Drawer
from ovreport_sitegen.charts.model import MAX_ROWS, Chart, Kind, Picture, Row, Scatter, Spot

__all__ = ["MAX_ROWS", "Chart", "Drawer", "Kind", "Picture", "Row", "Scatter", "Spot"]
