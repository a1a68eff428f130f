"""What is shown while something goes on and when it has ended, and where its files go."""
