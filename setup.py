"""Lists the packages of the wheel; pyproject.toml holds everything else.

The pages of the documentation and the examples belong to a package in the wheel, so that no other
distribution can have a folder of the same name.
"""

from setuptools import find_packages, setup

ROOTS = ("polysync", "polysync_core", "orchestrations", "polysync_embedded", "simulators")
DATA = {"polysync_core.docs": "docs", "simulators.examples": "examples"}

setup(
    packages=[
        *find_packages(include=[f"{root}{rest}" for root in ROOTS for rest in ("", ".*")]),
        *DATA,
    ],
    package_dir=DATA,
    package_data={
        "polysync": ["py.typed"],
        "polysync_core": ["py.typed"],
        "polysync_core.cli.starter": ["files/*", "files/**/*"],
        "polysync_core.console": ["static/*.*", "static/vendor/*.*"],
        "polysync_core.docs": ["*.md", "**/*.md"],
        "simulators.databricks": ["routes/page.html"],
        "simulators.examples": ["**/*.yaml", "**/*.py"],
    },
    include_package_data=False,
)
