"""What several pages are made of: tables, cells, cards and their sentences."""
