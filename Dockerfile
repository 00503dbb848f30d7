# syntax=docker/dockerfile:1
FROM node:22-bookworm-slim AS browser-files
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/qyran
COPY requirements.lock ./
RUN /opt/qyran/bin/pip install --require-hashes -r requirements.lock
COPY . .
COPY --from=browser-files /src/node_modules ./node_modules
RUN python -m service.web.vendor \
 && /opt/qyran/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Qyran" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/qyran --create-home qyran
COPY --from=build /opt/qyran /opt/qyran
ENV PATH=/opt/qyran/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    QYRAN_HOME=/var/lib/qyran
USER 10001:10001
WORKDIR /var/lib/qyran
VOLUME /var/lib/qyran
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["qyran"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
