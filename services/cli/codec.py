"""The codec of an installation: values are read with the ids they were written with."""

from services.runtime.codec import Codec
from services.runtime.registry import BundledRegistry, ConfluentRegistry
from services.runtime.settings import RuntimeSettings


def codec_of(settings: RuntimeSettings) -> Codec:
    """With the registry of the settings, else with the ids bundled with `schemas/`."""
    url = settings.registry.url
    return Codec(ConfluentRegistry(url, settings.state / "registry") if url else BundledRegistry())
