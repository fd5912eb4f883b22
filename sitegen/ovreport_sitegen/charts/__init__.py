"""Charts: a view says what to draw, as plain data; `Drawer` turns it into inline SVG.

Nothing here knows of records. For each form there is a module that fills in a chart's values
(`rows`, `plane`) and one with its Altair specification (`rows_spec`, `plane_spec`).
"""

from ovreport_sitegen.charts.draw import Drawer
from ovreport_sitegen.charts.model import MAX_ROWS, Chart, ChartSpec, Kind, Part, Plane, Point, Row

__all__ = ["MAX_ROWS", "Chart", "ChartSpec", "Drawer", "Kind", "Part", "Plane", "Point", "Row"]
