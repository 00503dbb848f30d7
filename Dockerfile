# syntax=docker/dockerfile:1
# Stages: `runtime` (the default, for amd64 and arm64) and `gpu` (NVIDIA cards, amd64):
#   docker buildx build --platform linux/amd64,linux/arm64 -t qyran .
#   docker buildx build --target gpu -t qyran-gpu .
ARG PYTHON=3.11-slim-bookworm
ARG CUDA=12.6.3-cudnn-runtime-ubuntu22.04

FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS browser-files
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/qyran
COPY requirements.lock ./
RUN /opt/qyran/bin/pip install --require-hashes -r requirements.lock
COPY . .
COPY --from=browser-files /src/node_modules ./node_modules
RUN python -m service.web.vendor \
 && /opt/qyran/bin/pip install --no-deps --no-build-isolation .

FROM build AS build-gpu
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# ONNX Runtime's build for cards takes the place of the plain one; their files have the same names.
RUN version=$(/opt/qyran/bin/pip show onnxruntime | sed -n 's/^Version: //p') \
 && /opt/qyran/bin/pip uninstall --yes onnxruntime \
 && /opt/qyran/bin/pip install --no-deps "onnxruntime-gpu==${version}"

FROM nvidia/cuda:${CUDA} AS gpu
LABEL org.opencontainers.image.title="Qyran on a graphics card" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
# The environment's python lies where its base image has it.
COPY --from=build-gpu /usr/local /usr/local
COPY --from=build-gpu /opt/qyran /opt/qyran
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/qyran --create-home qyran \
 && chmod 0700 /var/lib/qyran \
 && ldconfig
ENV PATH=/opt/qyran/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video \
    QYRAN_ENGINE=cuda \
    QYRAN_HOME=/var/lib/qyran
USER 10001:10001
WORKDIR /var/lib/qyran
VOLUME /var/lib/qyran
STOPSIGNAL SIGTERM
ENTRYPOINT ["qyran"]
CMD ["worker", "--cameras", "/cameras", "--metrics", "0.0.0.0:9464"]

FROM python:${PYTHON} AS runtime
LABEL org.opencontainers.image.title="Qyran" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/qyran --create-home qyran \
 && chmod 0700 /var/lib/qyran
COPY --from=build /opt/qyran /opt/qyran
ENV PATH=/opt/qyran/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    QYRAN_HOME=/var/lib/qyran
USER 10001:10001
WORKDIR /var/lib/qyran
VOLUME /var/lib/qyran
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["qyran"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
