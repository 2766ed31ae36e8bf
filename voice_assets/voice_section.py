"""What every section of a voice file is made of: its base and the types of its values. Settings are in ``voices``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from voice_assets import voice_faults
from voice_assets.voice_faults import fits

Ratio = Annotated[float, Field(ge=0, le=1)]
# A limit that a share "must be under": no share is under 0, so with 0 the gate would never open.
RatioLimit = Annotated[Ratio, fits(voice_faults.limit_fault)]
Positive = Annotated[int, Field(gt=0)]
PiperQuality = Literal["x_low", "low", "medium", "high"]


class Section(BaseModel):
    """A part of a voice file. Unknown keys and wrong types are errors; values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
