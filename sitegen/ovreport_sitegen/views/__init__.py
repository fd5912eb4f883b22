"""From records to pages: one typed, frozen view a page, made by pure functions."""
