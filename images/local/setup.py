"""Makes the laptop's two environments from the lock files: `make setup`.

`.venv` runs everything but TensorFlow Data Validation, which pins other versions of
protobuf, pandas and pyarrow and gets `.venv-validate`. Needs nothing but the standard
library; a finished environment is left alone until its lock file changes.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV_LOCK = ROOT / "images/local/uv.lock"
MAIN, VALIDATE = ROOT / ".venv", ROOT / ".venv-validate"


def main() -> int:
    """Make both environments; return the exit code."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = platform.python_version()
        return _refuse(
            f"canario needs Python 3.11, 3.12 or 3.13; {sys.executable} is {found}. "
            "Name another one: make setup PYTHON=python3.12"
        )
    lock, python = _validate_plan()
    if python is None:
        return _refuse(
            "data validation needs Python 3.11 here (glibc is older than 2.39, where "
            "TFDV 1.16.1 is the newest that installs), and there is no python3.11 on "
            "the PATH. Install it, or use Debian 13 / Ubuntu 24.04."
        )
    try:
        _make(MAIN, sys.executable, ROOT / "images/local/requirements.lock")
        _make(VALIDATE, python, lock)
    except subprocess.CalledProcessError as error:
        return _refuse(f"set-up stopped: `{' '.join(error.cmd[:4])} ...` failed", 3)
    return 0


def _validate_plan() -> tuple[Path, str | None]:
    """Return the lock file and the interpreter for TFDV on this machine."""
    folder = ROOT / "images/validate"
    library, version = platform.libc_ver()
    old = library == "glibc" and tuple(map(int, version.split("."))) < (2, 39)
    if not old:
        return folder / "requirements.lock", sys.executable
    if sys.version_info[:2] == (3, 11):
        return folder / "requirements-glibc236.lock", sys.executable
    return folder / "requirements-glibc236.lock", _working("python3.11")


def _working(name: str) -> str | None:
    """Return the path of an interpreter that really starts (a shim may not)."""
    path = shutil.which(name)
    if path is None:
        return None
    probe = [path, "-c", "import sys; print(sys.executable)"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _make(venv: Path, python: str, lock: Path) -> None:
    """Create `venv` from `lock` unless it is there already and unchanged."""
    stamp = venv / ".canario-lock"
    wanted = hashlib.sha256(lock.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    started = time.monotonic()
    print(f"setting up {venv.name} ({lock.relative_to(ROOT)}) ...", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    uv = _uv()
    _run([uv, "venv", "-q", "-p", python, str(venv)])
    install = [uv, "pip", "install", "-q", "-p", str(venv), "--compile-bytecode"]
    install += ["--no-deps", "--no-build-isolation"]  # nothing that is not locked
    pinned = [*install, "--require-hashes", "-r"]
    _run([*pinned, str(_part("build", "setuptools"))])
    _run([*pinned, str(lock)])
    if venv == MAIN:
        _run([*install, "-e", str(ROOT)])
    else:
        # A step needs kfp's executor alone; its dependencies clash with TFDV's.
        _run(
            [*pinned, str(_part("kfp", "kfp", "docstring-parser", "kfp-pipeline-spec"))]
        )
    stamp.write_text(wanted)
    size = sum(p.stat().st_size for p in venv.rglob("*") if p.is_file()) >> 20
    print(f"  {size} MiB in {time.monotonic() - started:.0f} s", flush=True)


def _uv() -> str:
    """Return the pinned installer, in an environment of its own."""
    home = ROOT / ".venv-setup"
    binary = home / "bin" / "uv"
    if not binary.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q"]
        _run([*pip, "--require-hashes", "--no-deps", "-r", str(UV_LOCK)])
    return str(binary)


def _part(name: str, *packages: str) -> Path:
    """Write the lines of the main lock that pin `packages` to a file of their own."""
    text = (ROOT / "images/local/requirements.lock").read_text()
    blocks = text.replace("\\\n", "\\\0").splitlines()
    wanted = tuple(f"{package}==" for package in packages)
    kept = [b.replace("\\\0", "\\\n") for b in blocks if b.startswith(wanted)]
    target = ROOT / ".venv-setup" / f"{name}.lock"
    target.write_text("\n".join(kept) + "\n")
    return target


def _run(command: list[str]) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, env=env, cwd=ROOT)


def _refuse(message: str, code: int = 2) -> int:
    print(f"make setup: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
