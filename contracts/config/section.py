"""What every section of a config shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts import expressions
from contracts.errors import ConfigError

__all__ = ["Expression", "FileName", "Fraction", "Mistake", "Name", "Section"]


class Section(BaseModel):
    """Base of all sections: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Mistake(ValueError):
    """A contradiction between values; `at` leads from the section to the wrong one.

    Pydantic turns it into a ValidationError, contracts.config.loading finds the line.
    """

    def __init__(self, message: str, *at: str | int) -> None:
        super().__init__(message)
        self.at = at


def _parsed(text: str) -> str:
    try:
        expressions.parse(text)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return text


def _inside(text: str) -> str:
    path = Path(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError(f"'{text}' is no file inside the project's folder")
    return text


Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Expression = Annotated[str, AfterValidator(_parsed)]
"""Arithmetic on columns (contracts/expressions.py), checked when the config is read."""
FileName = Annotated[str, AfterValidator(_inside)]
"""A file in the project's folder: a config does not reach beyond its own folder."""
