"""Measures, prints the table, and writes it into docs/benchmarks.md when asked to. Called by bench/run."""

import argparse
import os
import shutil
import sys

import limits
import planners
import sections
import service
import sources
from processes import BUILD, ROOT, say
from report import machine, text_table, update_page

# In the order of the page. `huge` is measured only when it is asked for.
SECTIONS = {
    "plan": (sections.plan, "The plan", lambda s: f"{s.plan_rows:,} rows of 10 columns; medians of {s.rounds} rounds."),
    "postgres": (sources.postgres, "PostgreSQL as a source",
                 lambda s: f"{s.plan_rows // 5:,} rows of 10 columns, server and client on one machine; medians of {2 * s.rounds} "
                           "rounds."),
    "planner": (planners.in_warehouse, "Planning in the warehouse",
                lambda s: f"{s.plan_rows:,} rows of 10 columns, server and client on one machine; medians of {s.rounds} rounds."),
    "unchanged": (sections.unchanged, "Nothing changed",
                  lambda s: f"{s.unchanged_rows:,} rows; medians of {3 * s.rounds} rounds."),
    "clickhouse": (sources.clickhouse, "ClickHouse as a source",
                   lambda s: f"{s.plan_rows:,} rows of {len(sources.COLUMNS)} columns from Debian's server on the same machine; medians "
                             f"of {s.rounds} rounds."),
    "commit": (sections.commit, "The snapshot", lambda s: "The mean of repeated commits, merges of deltas included."),
    "delivery": (sections.delivery, "Delivery",
                 lambda s: f"{s.delivery_rows:,} rows of 10 fields in batches of 100 over {sections.CONNECTIONS} "
                           f"connections; medians of {s.rounds} rounds."),
    "before": (sections.before, "Reading before writing",
               lambda s: f"{s.unchanged_rows:,} rows of 10 fields in batches of 100 against the sandbox; medians of {s.rounds} "
                         "rounds."),
    "limits": (lambda place, sizes: limits.limits(place, sizes.pressure), "Limits",
               lambda s: f"Over {s.pressure.span} s and more, against the sandbox; {limits.ROWS} rows in a request."),
    "many": (lambda place, sizes: limits.many(place, sizes.pressure), "Many syncs in one process",
             lambda s: f"`penstock run` of a project, four requests of {limits.ROWS} rows for each sync, four requests a second "
                       "for each account."),
    "service": (service.service, "The service",
                lambda s: "`penstock serve`, its clients (wrk), the destination and PostgreSQL on one machine; once."),
    "fleet": (lambda place, sizes: limits.fleet(place, sizes.pressure), "A fleet, in virtual time",
              lambda s: f"{s.pressure.accounts} accounts of each vendor, syncs begin at any moment of an hour."),
    "encode": (sections.encode, "Encoding", lambda s: "HubSpot's batch upsert, 10 fields of mixed types."),
    "startup": (sections.startup, "Starting", lambda s: f"Medians of {s.startup_runs} runs."),
    "huge": (sections.huge, "Ten times as many rows", lambda s: f"{sections.HUGE_ROWS:,} rows, once."),
}
PAGE = os.path.join(ROOT, "docs", "benchmarks.md")


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measure Penstock side by side with what it is "
                                     "compared with, and print the table.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"what to measure: {', '.join(SECTIONS)}; "
                        "all but huge when none is named")
    parser.add_argument("--quick", action="store_true", help="small sizes: about a minute, rough numbers")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes: only shows that everything runs")
    parser.add_argument("--huge", action="store_true", help="also plan 100 million rows (40 GB of disk, half an hour)")
    parser.add_argument("--update", action="store_true", help="write the tables into docs/benchmarks.md")
    parser.add_argument("--data", default=os.path.join(BUILD, "bench-data"), metavar="DIR",
                        help="where files are made, and found again the next time (default: build/bench-data)")
    parser.add_argument("--discard", action="store_true", help="remove these files at the end")
    given = parser.parse_args()
    unknown = [name for name in given.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]}; there are {', '.join(SECTIONS)}")
    if given.update and (given.quick or given.tiny):
        parser.error("only full sizes go into the page: leave out --quick")
    return given


def main():
    given = arguments()
    sizes = sections.TINY if given.tiny else sections.QUICK if given.quick else sections.FULL
    chosen = given.sections or [name for name in SECTIONS if name != "huge"]
    chosen += ["huge"] if given.huge and "huge" not in chosen else []
    place = sections.Place(given.data)
    table = []
    for name in chosen:
        measure, title, note = SECTIONS[name]
        say(f"measuring: {name}")
        lines = measure(place, sizes)
        table.append((title, lines))
        if given.update:
            update_page(PAGE, name, lines, note(sizes))
    if given.discard:
        shutil.rmtree(given.data)
    print(f"{machine()}; {sizes.name} sizes\n\n{text_table(table)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
