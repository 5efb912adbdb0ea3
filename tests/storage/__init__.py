"""What is stored: on a disk that is full or read-only, and files that are not as expected."""
