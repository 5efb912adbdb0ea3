"""What is saved, lost and restored: pure decisions."""
