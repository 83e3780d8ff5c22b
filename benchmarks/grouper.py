"""Times the grouper beside drgpy and msdrg in one sitting, and writes its part of results.md."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from claims import random_claims
from run import HERE, run, run_version

from casemix_risk.group.definitions import demonstration, read_definitions

HEADING = "## The grouper"
MILLION = 1_000_000
SIZES = {MILLION: 5, 5 * MILLION: 3, 39 * MILLION: 1}  # episodes: rounds
PEERS = {"drgpy": 50_000, "msdrg": 50_000}  # claims a round
ROUNDS = 5


def write_episodes(path: Path, rows: int) -> None:
    """A million random episodes in the demonstration's codes, as often as it takes."""
    definitions = read_definitions(demonstration())
    primary = definitions.diagnosis.filter(~pl.col("flags").str.contains("not_primary"))["code"].to_list()
    table = pa.Table.from_pylist(
        [
            {
                "diagnoses": " ".join(claim.diagnoses),
                "procedures": " ".join(claim.procedures) or None,
                "age": claim.age,
                "sex": str(claim.sex),
                "episode_days": claim.days,
                "admission_type": "elective" if claim.days % 2 else "emergency",
                "patient_class": "1",
            }
            for claim in random_claims(MILLION, primary, definitions.procedure["code"].to_list())
        ]
    )
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(rows // MILLION):
            writer.write_table(table)


def measure() -> pl.DataFrame:
    """A row a run: program, records, records a second, peak memory in MB."""
    rows = []

    def keep(program: str, said: dict) -> None:
        rows.append((program, said["records"], said["records"] / said["seconds"], said["peak_mb"]))
        print(*rows[-1], flush=True)

    for turn in range(ROUNDS):
        print(f"round {turn + 1} of {ROUNDS}", flush=True)
        for name, claims in PEERS.items():
            keep(name, run(str(HERE / "environments" / name / "bin" / "python"), f"with_{name}.py", claims))
    with TemporaryDirectory(dir=HERE) as folder:
        source, target = Path(folder) / "episodes.parquet", Path(folder) / "grouped.parquet"
        for records, rounds in SIZES.items():
            write_episodes(source, records)
            for _ in range(rounds):
                keep("casemix-risk", run(sys.executable, "with_grouper.py", source, target))
    return pl.DataFrame(rows, schema=["program", "records", "a_second", "peak_mb"], orient="row")


def results_table(runs: pl.DataFrame) -> str:
    """The medians, with ours as the measure of speed."""
    usual = runs.group_by("program", "records", maintain_order=True).agg(
        pl.len().alias("runs"), pl.col("a_second").median(), pl.col("peak_mb").median()
    )
    ours = usual.filter(pl.col("program") == "casemix-risk", pl.col("records") == MILLION)["a_second"].item()
    rows = [
        "| program | records | runs | records a second | share of ours | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for program, records, count, a_second, peak_mb in usual.sort("a_second", descending=True).rows():
        speed = f"{a_second:,.0f} | {a_second / ours:.3g}"
        rows.append(f"| {program} | {records:,} | {count} | {speed} | {peak_mb:,.0f} MB |")
    return "\n".join(rows)


def main() -> None:
    """Run everything and write the section, which ends the page."""
    versions = ", ".join(
        f"{name} {run_version(str(HERE / 'environments' / name / 'bin' / 'python'), name)}" for name in PEERS
    )
    section = [
        HEADING,
        f"Written by `make benchmark` on {os.cpu_count()} cores; {versions}, each in its own environment. "
        "Figures are medians over the runs. Ours is end to end, from a Parquet file of episodes to a "
        "Parquet file of results, on all cores. A peer's is its calls alone, one claim at a time on one "
        "core, as it has no other way, over claims in memory. Records have the same numbers of codes. "
        "Loading tables and code is in no figure.",
        results_table(measure()),
        "They do not do the same work. drgpy and msdrg group claims of the United States into MS-DRGs by "
        "the whole of those tables, in ICD-10-CM and ICD-10-PCS. drgpy takes neither age nor days; msdrg "
        "also marks hospital-acquired conditions and tells what each code did. Neither knows HRGs, OPCS-4, "
        "care days, unbundled HRGs or spells. Ours ran the demonstration definitions, which have fewer "
        "rules than the national ones of either country.",
    ]
    page = HERE / "results.md"
    before = page.read_text(encoding="utf-8").split(HEADING)[0].rstrip()
    page.write_text("\n\n".join([before, *section]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
