"""What each kind does, told a second time from docs/format.md alone; a module for each kind of stream."""
