"""States over time: the store, what it answers, and the incidents that it makes of failures."""
