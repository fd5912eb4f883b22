"""Commands that make and show a website: `build` and `serve`."""
