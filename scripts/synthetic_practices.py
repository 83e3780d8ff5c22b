"""From the truth to what is published of the demonstration's practices, and what is true of them."""

from casemix_risk.audit.tables import read_table
from casemix_risk.synthetic.extract import people_of_extract
from casemix_risk.synthetic.practice_files import practice_profile, practice_register, registered
from casemix_risk.synthetic.practices import practice_truth, sampled_practices
from job import run, write


def main(snakemake) -> None:
    settings, output = snakemake.params.settings, snakemake.output
    practices = sampled_practices(settings["seed"])
    people = registered(people_of_extract(read_table(snakemake.input.truth_lines), settings))
    for table, path in (
        (practice_register(people, practices), output.register),
        (practice_profile(people, practices), output.profile),
    ):
        table.to_csv(path, index=False, lineterminator="\n")
    write(snakemake, "practice_truth", practice_truth(practices).to_arrow())


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
