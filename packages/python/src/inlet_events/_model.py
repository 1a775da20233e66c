"""The base class of all generated models."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A part of an event. Events do not change, and fields of later versions are kept in `model_extra`."""

    # A handler reads one or two of the kinds: the other models are never built. `register` is the only alias, because
    # Python's classes have a method of this name.
    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True, serialize_by_alias=True)
