"""The ledger of what may cost, and the rate limit of each credential."""
