"""Downloads the console's JavaScript libraries from npm packages, and verifies their checksums.

    python scripts/vendor.py            write the files that `vendored.json` lists
    python scripts/vendor.py --record   the same, and record the new checksums (after a new version)

A library is several files of its package, joined into one. `vendored.json` holds the version,
the address of the project and the checksums. The script refuses a package or a result with
another checksum. Nothing is fetched when the app is built or runs.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "polysync_core" / "console" / "static" / "vendor"
LIST = FOLDER / "vendored.json"


def checksum(content: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def packed(package: str, version: str) -> bytes:
    """Return the published archive of one package."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{package}@{version}", "--pack-destination", folder, "--silent"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)  # noqa: S603
        (archive,) = Path(folder).glob("*.tgz")
        return archive.read_bytes()


def members(archive: bytes, names: list[str]) -> list[bytes]:
    """Return the content of the named files of an archive."""
    with tempfile.TemporaryFile() as file:
        file.write(archive)
        file.seek(0)
        with tarfile.open(fileobj=file) as tar:
            return [content(tar, f"package/{name}") for name in names]


def content(tar: tarfile.TarFile, name: str) -> bytes:
    """Return the content of one file of an archive."""
    member = tar.extractfile(name)
    if member is None:
        raise SystemExit(f"{name} is not a file of the package")
    return member.read()


def joined(parts: list[bytes]) -> bytes:
    """Join scripts into one, without references to source maps that are not served."""
    lines = [
        line
        for part in parts
        for line in part.splitlines()
        if not line.startswith(b"//# sourceMappingURL")
    ]
    return b"\n".join(lines) + b"\n"


def written(library: dict[str, Any], *, record: bool) -> dict[str, Any]:
    """Write the files of one library, and return its entry with their checksums."""
    archive = packed(library["package"], library["version"])
    *scripts, licence = members(archive, [*library["files"], library["licenceFile"]])
    script = joined(scripts)
    found = {"packageSha256": checksum(archive), "sha256": checksum(script)}
    if not record and any(library[key] != value for key, value in found.items()):
        raise SystemExit(f"{library['package']} has other checksums than vendored.json: {found}")
    (FOLDER / library["file"]).write_bytes(script)
    (FOLDER / library["file"]).with_suffix(".licence.txt").write_bytes(licence)
    return library | found


def main(arguments: list[str]) -> None:
    """Write every library of the list."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--record", action="store_true", help="record the checksums that were found"
    )
    record = parser.parse_args(arguments).record
    libraries = [written(entry, record=record) for entry in json.loads(LIST.read_text("utf-8"))]
    LIST.write_text(json.dumps(libraries, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
