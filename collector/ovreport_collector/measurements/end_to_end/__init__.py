"""From an encoded image to the answer."""
