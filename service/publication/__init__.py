"""Published periods: frozen values, the events behind them, revisions, and the whole derivation of each."""
