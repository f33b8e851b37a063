"""What the pages of the roof show, as files to take away: the same rows through the same rights."""
