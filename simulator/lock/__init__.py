"""The parts of the virtual lock; `simulator.virtual_lock` puts them together.

    on the air     advertising, gatt_table, link, faults
    who speaks     pairing, authorizations, rights, security_pin
    what is asked  requests (the table of all commands), request, commands/
    what it says   reports, models and firmware (how long, and what is newer), status
    the bolt       order, motor, jams, battery
    by itself      automation (auto lock, night mode), time_control, clock, time_zones, timers
    memory         settings, log, keypad, statistics, journal (not the lock's: the tests')
    around it      by_hand, upkeep, accessories, fob, keypad_use
    choices        habits (what no document tells, and how long things take)

`device` holds the parts and knows what follows for one from another.
"""
