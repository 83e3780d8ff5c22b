"""From activity to national admissions in the target year and to list sizes."""

from casemix_risk.audit.tables import read_table
from casemix_risk.figure_style import save_figure
from casemix_risk.volumes.figures import projection_figure
from casemix_risk.volumes.list_sizes import by_list_size
from casemix_risk.volumes.national import project
from casemix_risk.volumes.small_numbers import published_activity
from job import run, write


def main(snakemake) -> None:
    settings = snakemake.params.settings
    activity = read_table(snakemake.input.activity)
    national = project(
        activity,
        settings["years"],
        settings["target_year"],
        settings["projection"],
        settings["population"],
        settings["population_covered"],
    )
    if settings["small_numbers"] == "suppress":
        write(snakemake, "published_activity", published_activity(activity))
    write(snakemake, "national", national)
    write(snakemake, "by_list_size", by_list_size(national, settings["list_sizes"], settings["population"]))
    scale = settings["population"] / settings["population_covered"]
    save_figure(
        projection_figure(activity, national, settings["target_year"], scale), snakemake.output.figure
    )


if __name__ == "__main__":
    run(main, snakemake)  # noqa: F821
