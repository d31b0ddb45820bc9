# The same with PyTorch for CUDA, for networks and the final refinement (device: cuda). From the repository's root:
#   docker build -f docker/cpu.Dockerfile -t foundation-perception:cpu .
#   docker build -f docker/cuda.Dockerfile -t foundation-perception:cuda .
# The wheels bring CUDA's libraries; of the host, only the driver and NVIDIA's container toolkit are needed.
ARG BASE=foundation-perception:cpu

FROM ${BASE}
USER root
RUN pip install --no-cache-dir "numpy<2" "torch>=2.5" "warp-lang>=1.10" "safetensors>=0.4"
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER robot
