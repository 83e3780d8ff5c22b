"""From a whole run to what says how it was made: manifest, chain, sums, provenance and data package."""

import shutil
from pathlib import Path

import yaml

from casemix_risk.audit.contract import read_contract
from casemix_risk.audit.exchange import data_package, in_toto_statement
from casemix_risk.audit.manifest import add_to_chain, manifest, sums, write_json
from casemix_risk.audit.privacy import refuse_identifiers
from casemix_risk.audit.receipt import jobs_behind
from casemix_risk.audit.tables import table_facts
from job import ROOT, log, run


def main(snakemake) -> None:
    config, output = snakemake.params.settings, snakemake.output
    folder = Path(output.manifest).parent
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    Path(output.config).write_text(text, encoding="utf-8")
    shutil.copyfile(snakemake.input.lock, output.lock)
    jobs = jobs_behind(folder, ["report/index.html"])
    files = {path: facts for job in jobs.values() for path, facts in job["outputs"].items()}
    refuse_identifiers(folder, files)
    tables = {path: facts for path, facts in sorted(files.items()) if "content" in facts}
    package = data_package(
        folder.name, ((path, facts, _contract(folder / path)) for path, facts in tables.items())
    )
    write_json(Path(output.package), package)
    made = manifest(
        folder, ROOT, jobs, [Path(path).name for path in (output.config, output.lock, output.package)]
    )
    write_json(Path(output.manifest), made)
    digests = {path: facts["sha256"] for path, facts in made["files"].items()}
    write_json(Path(output.provenance), in_toto_statement(made, digests, config))
    listed = [*digests, Path(output.manifest).name, Path(output.provenance).name]
    Path(output.sums).write_text(sums(folder, listed), encoding="utf-8")
    line = add_to_chain(folder, made)
    log(snakemake, f"run {made['number']} of {folder.name}: {len(listed)} files; chain ends in {line}")


def _contract(table: Path):
    return read_contract(ROOT / f"workflow/schemas/{table_facts(table)['schema']}.yaml")


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
