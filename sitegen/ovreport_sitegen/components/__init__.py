"""Parts that pages share: heads, cards, tables and their cells."""
