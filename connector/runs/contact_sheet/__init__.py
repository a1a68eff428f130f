"""Contact sheets: many pictures in one, with their labels."""
