"""Time zones that the lock knows. Source: Nuki Smart Lock API V2.1, section 7."""

NO_TIME_ZONE = 0xFFFF

# One name behind the other, as in the vendor's table, from id 0 on.
_NAMES = """
    Africa/Cairo Africa/Lagos Africa/Maputo Africa/Nairobi
    America/Anchorage America/Argentina/Buenos_Aires America/Chicago America/Denver America/Halifax
    America/Los_Angeles America/Manaus America/Mexico_City America/New_York America/Phoenix America/Regina
    America/Santiago America/Sao_Paulo America/St_Johns
    Asia/Bangkok Asia/Dubai Asia/Hong_Kong Asia/Jerusalem Asia/Karachi Asia/Kathmandu Asia/Kolkata
    Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Tehran Asia/Tokyo Asia/Yangon
    Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Perth Australia/Sydney
    Europe/Berlin Europe/Helsinki Europe/Istanbul Europe/London Europe/Moscow
    Pacific/Auckland Pacific/Guam Pacific/Honolulu Pacific/Pago_Pago
"""

TIME_ZONES = dict(enumerate(_NAMES.split()))
"""IANA names by the vendor's id."""
