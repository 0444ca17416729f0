"""Services as real processes: workers, ends, limits, faults, proxies in front."""
