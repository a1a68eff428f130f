"""What is declared: read, checked, filled and said in words. Pure, but for the reading of files."""
