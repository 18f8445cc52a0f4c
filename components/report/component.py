"""KFP interface of the report step, the exit handler of a run."""

from kfp import dsl

from components import images


@dsl.component(base_image=images.BASE, install_kfp_package=False)
def report(
    run_root: str,
    status: dsl.PipelineTaskFinalStatus,
    html: dsl.Output[dsl.HTML],
) -> None:
    """Write one page about the run, wherever it stopped.

    Inputs: run_root (a folder with the run's artifacts below it), status (of the
    tasks that the exit handler watches). Outputs: html.
    """
    from components.report.report import run

    return run(run_root=run_root, status=vars(status), html=html.path)
