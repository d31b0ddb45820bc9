"""Core and command line for pip, without ROS; a ROS workspace builds the whole package from CMakeLists.txt."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

HERE = Path(__file__).parent
MANIFEST = ElementTree.parse(HERE / "package.xml").getroot()
README = HERE / "README.md"

setup(
    name="foundation-perception",
    version=MANIFEST.findtext("version"),
    description=MANIFEST.findtext("description"),
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["foundation_pose_ros*", "universeg_ros*"]),
    package_data={
        "foundation_pose_ros": ["py.typed", "training/*.yaml"],
        "universeg_ros": ["weights/*", "training/*.yaml"],
    },
    install_requires=[
        # Packets of rays; elsewhere Open3D casts them, or an Embree 4 of the system's.
        "embreex>=4.4; platform_machine == 'x86_64' and sys_platform == 'linux'",
        "numba>=0.61",
        "numpy>=1.26",
        "scipy>=1.12",
        "trimesh>=4.0",
        "open3d-cpu>=0.19; platform_machine == 'x86_64' and sys_platform == 'linux'",
        "open3d>=0.19; platform_machine != 'x86_64' or sys_platform != 'linux'",
        "opencv-python-headless>=4.8",
        "pillow>=10",
        "pyyaml>=6",
        "rich>=13",
        "threadpoolctl>=3.2",
        "typer>=0.12",
    ],
    extras_require={
        "bags": ["rosbags>=0.10"],
        "benchmarks": ["small-gicp>=1.0"],
        "learned": ["safetensors>=0.4", "torch>=2.5"],
        "onnx": ["onnx>=1.15", "onnxruntime>=1.17"],
        "reconstruction": ["xatlas>=0.0.9"],
        "segmentation": ["safetensors>=0.4", "torch>=2.2"],
        "segmentation-evaluation": ["safetensors>=0.4", "scikit-learn>=1.3", "torch>=2.2"],
        # Ray casting on CUDA; a wheel of 149 MB, so that tests run it on the CPU as well.
        "warp": ["torch>=2.2", "warp-lang>=1.10"],
        "test": ["hypothesis>=6", "import-linter>=2.6", "mypy>=1.10", "pytest>=8,<9", "ruff>=0.6"],
    },
)
