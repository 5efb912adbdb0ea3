"""What README and docs tell people to type, run as they would type it; and the YAML that they are to copy, used."""
