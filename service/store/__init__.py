"""The store: tables, append-only events, personal data with keys of its own, the signed ledger."""
