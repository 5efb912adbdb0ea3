"""What has gone wrong with the mechanics: kept, shown, told, repaired."""
