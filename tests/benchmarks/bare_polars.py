"""The other side of the race of tables: bare polars in a process of its own."""

from __future__ import annotations

from time import perf_counter

from tests.benchmarks.peers.contestant import Contestant, main


class BarePolars(Contestant):
    """No engine: the same calls, one after the other."""

    def open(self) -> None:
        from tests.benchmarks.tables import make_table

        self.table = make_table()

    def measure(self, case: str) -> dict[str, float]:
        from tests.benchmarks.tables import in_polars

        started = perf_counter()
        in_polars(self.table, whole=case == "table-whole")
        return {"value": (perf_counter() - started) * 1000}

    def warm(self, case: str) -> None:
        self.measure(case)


if __name__ == "__main__":
    main(BarePolars)
