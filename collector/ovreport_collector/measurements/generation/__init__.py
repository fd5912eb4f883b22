"""What is measured of a language model: its speed, and how good what it generates is."""
