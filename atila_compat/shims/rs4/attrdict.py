"""`rs4.attrdict`."""

from __future__ import annotations

from ...structures import AttrDict, CaseInsensitiveDict
from ...structures import SharedDict as AttrDictTS

NocaseDict = CaseInsensitiveDict

__all__ = ["AttrDict", "AttrDictTS", "CaseInsensitiveDict", "NocaseDict"]
