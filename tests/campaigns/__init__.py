"""Campaigns that take too long for every change; docs/campaigns.md and docs/wear.md tell their results."""
