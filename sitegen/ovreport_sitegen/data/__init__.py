"""What a site is made of: the newest result of each case, named, and compared with others."""
