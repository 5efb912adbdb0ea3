"""Pure decisions: values in, values out; no clock, no radio, no Home Assistant."""
