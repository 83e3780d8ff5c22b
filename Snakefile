import atexit
import sys

from snakemake.utils import min_version

min_version("9.0")

if not workflow.config_settings.configfiles:

    configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/synthetic.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/group.smk"
include: "workflow/rules/volumes.smk"
include: "workflow/rules/tariff.smk"
include: "workflow/rules/risk.smk"
include: "workflow/rules/payment.smk"
include: "workflow/rules/coding.smk"
include: "workflow/rules/decisions.smk"
include: "workflow/rules/changes.smk"
include: "workflow/rules/practices.smk"
include: "workflow/rules/progress.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/audit.smk"


rule all:
    default_target: True
    input:
        # Every file, so that one that was deleted is made again.
        lambda wildcards: files_of_jobs(list),


onerror:
    # Snakemake still has a word to say; at exit ours is the last.
    atexit.register(print, what_stopped(), file=sys.stderr, flush=True)


if workflow.is_main_process:
    atexit.register(say_if_locked)
