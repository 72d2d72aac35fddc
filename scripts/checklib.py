"""What the checks share: where the project is, which files belong to it, how they end."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked():
    """Every file of the project, as paths below ROOT: what git tracks or would add.

    Without git (an unpacked archive), every file but build output.
    """
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z",
         "--cached", "--others", "--exclude-standard"],
        capture_output=True)
    if listing.returncode == 0:
        names = {os.fsdecode(n) for n in listing.stdout.split(b"\0") if n}
        files = (ROOT / name for name in sorted(names))
    else:
        files = (p for p in sorted(ROOT.rglob("*"))
                 if p.relative_to(ROOT).parts[0] not in ("target", ".git"))
    return [p for p in files if p.is_file() and not p.is_symlink()]


def test_modules(sources):
    """Of these Rust files, those that are compiled for tests only, by their `mod` lines."""
    found = set()
    for path in sources:
        inside = path.parent if path.stem in ("mod", "lib", "main") else path.with_suffix("")
        for name in re.findall(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))? )?mod (\w+);",
                               path.read_text()):
            found.add(inside / f"{name}.rs")
            found.add(inside / name)
    return {p for p in sources if p in found or found.intersection(p.parents)}


def finish(name, problems, passed):
    """Prints the problems, or what passed, and ends with the exit status that says which."""
    for problem in problems:
        print(f"{name}: {problem}", file=sys.stderr)
    if not problems:
        print(f"{name}: {passed}")
    sys.exit(1 if problems else 0)


def available(tool, *packages):
    """Whether the tool is here; as root on Debian its packages are installed first."""
    if shutil.which(tool):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update", "-qq"],
                        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{' '.join(command)}: {done.stderr.strip()}", file=sys.stderr)
    return shutil.which(tool) is not None
