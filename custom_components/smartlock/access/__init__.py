"""Who may open the lock, and what it does on its own at set times: the lists in the lock that need the PIN."""
