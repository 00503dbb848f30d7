"""The 118 KPIs of order 469/НҚ as data, the exact security KPIs, and the CityScore of its appendix 5."""
