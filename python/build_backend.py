# SPDX-License-Identifier: Apache-2.0
"""
Packs the package and the built library into a wheel (PEP 517, PEP 660). It compiles nothing and
needs no other package: the library is taken from SOLDER_BUILD, a build folder; ../build if not set.
`scripts/python-wheel` makes one that stands alone.
"""
import base64
import hashlib
import os
import pathlib
import platform
import re
import subprocess
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
LIBRARIES = ("libsolder.so", "libsolder_dlpack.so")
SYSTEM = {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def version():
    """Stands in types.h, as for the C library."""
    header = (ROOT / "include" / "solder" / "types.h").read_text()
    parts = (re.search(rf"SOLDER_VERSION_{p} (\d+)", header).group(1) for p in ("MAJOR", "MINOR", "PATCH"))
    return ".".join(parts)


def build_folder():
    folder = pathlib.Path(os.environ.get("SOLDER_BUILD") or ROOT / "build")
    for name in LIBRARIES:
        if not (folder / name).exists():
            raise SystemExit(f"{folder / name} is missing: run 'make' first, or set SOLDER_BUILD")
    return folder


def needed(library):
    """The shared libraries it needs, and the newest glibc symbol version it asks for."""
    text = subprocess.run(["objdump", "-p", library], check=True, capture_output=True, text=True).stdout
    names = set(re.findall(r"NEEDED\s+(\S+)", text))
    versions = [tuple(map(int, v)) for v in re.findall(r"GLIBC_(\d+)\.(\d+)", text)]
    return names, max(versions, default=(2, 17))


def platform_tag(libraries):
    """manylinux, if all the system must have is a new enough glibc; else this machine only."""
    foreign, newest = set(), (2, 17)
    for library in libraries:
        names, glibc = needed(library)
        foreign |= names - SYSTEM
        newest = max(newest, glibc)
    if foreign:
        print(f"not a manylinux wheel: needs {', '.join(sorted(foreign))}")
        return f"linux_{platform.machine()}"
    return f"manylinux_{newest[0]}_{newest[1]}_{platform.machine()}"


class Wheel:
    """A wheel file and its RECORD."""

    def __init__(self, folder, tag):
        self.info = f"solder-{version()}.dist-info"
        self.name = f"solder-{version()}-{tag}.whl"
        self.tag = tag
        self.record = []
        self.zip = zipfile.ZipFile(pathlib.Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)

    def write(self, name, data):
        entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))  # the same bytes every time
        entry.external_attr = (0o100755 if name.endswith(".so") else 0o100644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(entry, data)

    def add(self, name, data):
        self.write(name, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append(f"{name},sha256={digest},{len(data)}")

    def finish(self):
        self.add(f"{self.info}/METADATA", metadata())
        self.add(f"{self.info}/WHEEL", wheel_file(self.tag))
        self.add(f"{self.info}/LICENSE", (ROOT / "LICENSE").read_bytes())
        name = f"{self.info}/RECORD"
        self.write(name, "\n".join(self.record + [f"{name},,", ""]).encode())
        self.zip.close()
        return self.name


def metadata():
    lines = [
        "Metadata-Version: 2.1",
        "Name: solder",
        f"Version: {version()}",
        "Summary: Builds and runs plans of trained neural networks",
        "License: Apache-2.0",
        "Requires-Python: >=3.9",
        "Description-Content-Type: text/markdown",
        "",
        (HERE / "README.md").read_text(),
    ]
    return "\n".join(lines).encode()


def wheel_file(tag):
    lines = ["Wheel-Version: 1.0", "Generator: solder", "Root-Is-Purelib: false", f"Tag: {tag}", ""]
    return "\n".join(lines).encode()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    folder = build_folder()
    libraries = [folder / name for name in LIBRARIES]
    wheel = Wheel(wheel_directory, f"py3-none-{platform_tag(libraries)}")
    for path in sorted((HERE / "solder").iterdir()):
        if path.suffix == ".py" or path.name == "py.typed":
            wheel.add(f"solder/{path.name}", path.read_bytes())
    for path in libraries:
        wheel.add(f"solder/{path.name}", path.read_bytes())
    return wheel.finish()


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """The package where it lies; it finds the library in build/ of the source tree."""
    wheel = Wheel(wheel_directory, "py3-none-any")
    wheel.add("solder.pth", f"{HERE}\n".encode())
    return wheel.finish()


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("there is no source distribution: build from the repository")


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_editable(config_settings=None):
    return []


if __name__ == "__main__":
    import sys

    os.makedirs(sys.argv[1], exist_ok=True)
    print(os.path.join(sys.argv[1], build_wheel(sys.argv[1])))
