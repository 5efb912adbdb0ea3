"""Guided repairs, one module for each feature that raises issues; `repairs.py` finds the right one."""
