"""Who may open the lock, and what it does by itself at set times: the lists in the lock that need the PIN."""
