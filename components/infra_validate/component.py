"""Interface of the infra_validate step."""

from kfp import dsl

from components import images
from components.artifact_types import GateVerdict, ServedModel


@dsl.component(base_image=images.SERVING, install_kfp_package=False)
def infra_validate(
    model: dsl.Input[ServedModel],
    infra: dict,
    verdict: dsl.Output[GateVerdict],
) -> bool:
    """Serve the model for real and measure it; False stops the run.

    Args:
        model: What train wrote.
        infra: The section `infra` of the project's config.
        verdict: The decision with its reasons and numbers.
    """
    from components.infra_validate.infra_validate import run

    return run(model.path, infra, verdict.path)
