"""The answer table: a row a model, a column a device or whatever else the reader asks for.

- `state.py`: what is shown, and the part of an address that says so
- `axes.py`: what results are told apart by: device, precision, weights, engine, release
- `ratios.py`: a result against another: paired, apart, or why not
- `choice.py`: which of several results a cell shows
- `cells.py`: a cell: value, interval, what ran, what it costs, ratio
- `table.py`: the table for a state
- `presets.py`: comparisons that these records can answer, as links
- `controls.py`: what a reader can choose from
- `data.py`: the same results as files for the script, which draws every other state
- `section.py`: all of it as a part of a page

To have the table on a page, put `section(catalogue, title, State(…))` into its view, and the macros
of `templates/partials/answer.html` into its template.
"""
