"""End to end: a real Home Assistant in a process of its own, a virtual proxy and virtual locks."""
