"""The 16 security KPIs, one definition a file: pure functions from `CityFacts` and a `Period` to a `KpiValue`."""
