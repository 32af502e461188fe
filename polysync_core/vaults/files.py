"""Reads secrets from files in one folder, such as secrets of Docker or Kubernetes.

systemd (`LoadCredential=`), Docker and Kubernetes give secrets to a service in this form. No
definition can name a folder, so it cannot read other files of the machine.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polysync_core.domain.definitions.types.catalogue import NoFields
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import PlatformRefused, Problem, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.vaults.plugin import VaultContext, VaultPlugin

SIZE_LIMIT = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}")


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Reads each secret from the file of its name."""

    folder: Path | None

    def read(self, name: str) -> Secret:
        """Return the text of a file, without the newline at its end."""
        try:
            content = self._content(name)
        except FileNotFoundError:
            reason = f"the folder of secrets has no file {name}: add it, or correct the reference"
        except PermissionError:
            reason = f"the file {name} cannot be read: give the user of this process read access"
        except OSError as error:
            raise Unavailable(f"the file {name} cannot be read ({error.strerror})") from error
        else:
            return Secret(content)
        raise _refused(reason)

    def test(self) -> str:
        """Return a sentence if the folder can be read."""
        folder = self._folder()
        if not os.access(folder, os.R_OK | os.X_OK):
            raise _refused("the folder of secrets cannot be read: check POLYSYNC_SECRETS_FOLDER")
        return "Secrets are read from the files of the folder POLYSYNC_SECRETS_FOLDER."

    def _folder(self) -> Path:
        if self.folder is None:
            raise _refused("this host has no folder of secrets: set POLYSYNC_SECRETS_FOLDER")
        return self.folder

    def _content(self, name: str) -> str:
        folder = self._folder()
        if _NAME.fullmatch(name) is None:
            raise FileNotFoundError
        # Kubernetes places links in the folder. No link may lead out of it.
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise _refused(
                f"the file {name} is a link out of the folder of secrets: replace it by a file"
            )
        content = _bytes_of(path, name)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = ""
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise _refused(f"the file {name} is empty or not UTF-8 text: write the secret as text")
        return text


def _bytes_of(path: Path, name: str) -> bytes:
    # A pipe would block without this flag.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _refused(f"{name} is not a regular file: replace it by a file")
        content = file.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise _refused(f"the file {name} is larger than {SIZE_LIMIT} bytes")
    return content


def _refused(reason: str) -> PlatformRefused:
    return PlatformRefused(reason, cause=FailureCause.SECRET)


def _check(vault: Vault, _development: bool) -> Sequence[Problem]:
    return [
        Problem(f"attributes.{name}", "is not a known field: a vault of files has none")
        for name in vault.attributes
    ]


def _open(_vault: Vault, context: VaultContext) -> SecretFiles:
    return SecretFiles(context.secrets_folder)


PLUGIN = VaultPlugin(name=VaultProvider.FILES, check=_check, attributes=NoFields, open=_open)
