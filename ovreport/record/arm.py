"""Which side of a comparison a record is, where a run measured several by turns."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ovreport.record.base import Count, Part, Text
from ovreport.record.model import Checksum

__all__ = ["Arm", "ArmKind", "ArmName"]

ArmKind = Literal["release", "wheel", "properties", "again"]
"""A published release of OpenVINO, a wheel of the user's, other settings, or the same as another
arm once more: what is found different between those two is an error of the method."""

ArmName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$(?!\n)", max_length=80)]


class Arm(Part, frozen=True):
    """One of several releases, builds or settings whose rounds alternated in one run."""

    name: ArmName
    """As `ovreport compare FOLDER@NAME` takes it."""
    kind: ArmKind
    position: Count
    """Its place in the order of the command, from 0."""
    count: Annotated[int, Meta(ge=1, le=100)]
    """How many arms the run has."""
    order_seed: Count
    """Of the order in which the arms of a case take turns."""
    properties: dict[Text, Text] = {}
    """OpenVINO properties that the arm sets beside those of every run; empty: none."""
    lock_sha256: Checksum = ""
    """Checksum of the packages in the arm's environment; empty: that of the collect itself."""
    prepared_with: Text = ""
    """OpenVINO's build that converted the model and computed the reference outputs, for all arms
    alike."""

    @property
    def is_result(self) -> bool:
        """Whether its record is a result of the case, rather than evidence in its comparison.

        A second measurement of the same release, or one under settings of the user's, is not.
        """
        return self.kind != "again" and not self.properties
