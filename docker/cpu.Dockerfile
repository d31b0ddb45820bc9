# foundation_perception on a processor. From the repository's root:
#   docker build -f docker/cpu.Dockerfile -t foundation-perception:cpu .
ARG ROS_DISTRO=kilted

FROM ros:${ROS_DISTRO}-ros-base AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        python3-venv \
        ros-${ROS_DISTRO}-vision-msgs \
    && rm -rf /var/lib/apt/lists/*
# ROS's own Python is seen from it; below NumPy 2, which ROS's messages aren't built for.
RUN python3 -m venv --system-site-packages /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY . /workspace/src/foundation_perception
ARG EXTRAS=bags
RUN pip install --no-cache-dir "numpy<2" "/workspace/src/foundation_perception[${EXTRAS}]"
WORKDIR /workspace
RUN source "/opt/ros/${ROS_DISTRO}/setup.bash" \
    && colcon build --merge-install --install-base /opt/foundation_perception --cmake-args -DBUILD_TESTING=OFF

FROM ros:${ROS_DISTRO}-ros-core
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# What package.xml names beyond ros-core, and libraries that Open3D's wheel doesn't bring.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libegl1 \
        libgl1 \
        libgomp1 \
        libidn2-0 \
        libudev1 \
        libusb-1.0-0 \
        libx11-6 \
        ros-${ROS_DISTRO}-cv-bridge \
        ros-${ROS_DISTRO}-rosbag2 \
        ros-${ROS_DISTRO}-tf2-msgs \
        ros-${ROS_DISTRO}-vision-msgs \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home robot
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/foundation_perception /opt/foundation_perception
COPY docker/entrypoint.sh /entrypoint.sh
ENV PATH=/opt/venv/bin:$PATH
USER robot
WORKDIR /home/robot
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "foundation_perception", "pose.launch.py"]
