"""What wear is: pure decisions."""
