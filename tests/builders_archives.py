"""Archives of messages, by name."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping


def in_zip(files: Mapping[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    """Deflated, unless `change` says otherwise of an entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, content)
    return out.getvalue()


def in_tar(files: Mapping[str, bytes], *others: tarfile.TarInfo, kind: int = tarfile.PAX_FORMAT) -> bytes:
    """Files, then entries without content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for other in others:
            archive.addfile(other)
    return out.getvalue()
