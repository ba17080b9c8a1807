"""The container: an image that serves over HTTP as nobody in particular, and what runs it and allows it little."""

from beam_mcp import __version__
from beam_mcp.cli.manifests_texts import ABOUT
from beam_mcp.settings import Settings, variable

_USER = "10001:10001"
_STOP_SECONDS = 15  # more than the server takes to finish the calls under way
_PORT = Settings.model_fields["port"].default
_HOSTS = variable("allowed_hosts")
_IMAGE = f"beam-mcp:{__version__}"

# Not with urllib, which would ask a proxy if the environment names one.
_ASK_HEALTH = (
    "import http.client, os; "
    f"c = http.client.HTTPConnection('127.0.0.1', int(os.environ['{variable('port')}']), timeout=2); "
    "c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"
)

_DOCKERFILE = f"""\
# docker build --file manifests/Dockerfile --tag {_IMAGE} .
# docker run --rm -i -e {variable("transport")}=stdio -e BEAM_API_KEY -e BEAM_WORKSPACE_ID {_IMAGE}

# A release of Python and of Debian, with their fixes of today. Who wants the same bytes each time names a digest:
# --build-arg BASE=python:3.13-slim-trixie@sha256:...
ARG BASE=python:3.13-slim-trixie

FROM ${{BASE}} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/beam-mcp
COPY pyproject.toml README.md LICENSE ./
COPY beam_mcp ./beam_mcp
RUN /opt/beam-mcp/bin/pip install . \\
    && /opt/beam-mcp/bin/pip uninstall --yes pip \\
    && python -m compileall -q -j 0 /opt/beam-mcp/lib

FROM ${{BASE}}
LABEL org.opencontainers.image.title="beam-mcp" \\
      org.opencontainers.image.description="{ABOUT}" \\
      org.opencontainers.image.version="{__version__}" \\
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/beam-mcp /opt/beam-mcp
ENV PATH="/opt/beam-mcp/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \\
    {variable("transport")}=http {variable("host")}=0.0.0.0 {variable("port")}={_PORT}
# Name the hosts that clients use in {_HOSTS}; each caller brings a key of their own.
# Only /tmp is written to: to keep receipts of what is decided, name a file on a volume in {variable("audit")}.
USER {_USER}
WORKDIR /tmp
EXPOSE {_PORT}
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \\
    CMD ["python", "-c", "{_ASK_HEALTH}"]
ENTRYPOINT ["beam-mcp"]
"""

_IGNORED = """\
*
!beam_mcp
!LICENSE
!README.md
!pyproject.toml
**/__pycache__
"""

_COMPOSE = f"""\
# docker compose --file manifests/compose.yaml up --build
# Clients then connect to http://localhost:{_PORT}/mcp, each with a key of their own in its headers.
services:
  beam-mcp:
    image: {_IMAGE}
    build:
      context: ..
      dockerfile: manifests/Dockerfile
    ports:
      - "127.0.0.1:{_PORT}:{_PORT}"
    environment:
      # The names by which clients reach it, such as beam.example.com behind a proxy that adds TLS.
      {_HOSTS}: ${{{_HOSTS}:-localhost}}
    read_only: true
    tmpfs:
      - /tmp:size=64m,mode=1777,noexec,nosuid,nodev
    user: "{_USER}"
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    pids_limit: 64
    mem_limit: 512m
    cpus: 2
    stop_grace_period: {_STOP_SECONDS}s
    restart: unless-stopped
"""


_KUBERNETES = f"""\
# kubectl apply --filename manifests/kubernetes.yaml
# Build and push the image first, and name yours; an Ingress of yours adds TLS. Each caller brings a key of their own.
# Sessions of protocol 2025 live in one process: with more replicas, let your Ingress keep a client at the same one.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: beam-mcp
  labels: {{app: beam-mcp}}
spec:
  replicas: 1
  selector:
    matchLabels: {{app: beam-mcp}}
  template:
    metadata:
      labels: {{app: beam-mcp}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {_STOP_SECONDS}
      securityContext:
        runAsNonRoot: true
        runAsUser: {_USER.partition(":")[0]}
        runAsGroup: {_USER.partition(":")[2]}
        seccompProfile: {{type: RuntimeDefault}}
      containers:
        - name: beam-mcp
          image: {_IMAGE}
          ports:
            - {{name: http, containerPort: {_PORT}}}
          env:
            # The names by which clients reach it.
            - {{name: {_HOSTS}, value: beam.example.com}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {{drop: [ALL]}}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{cpu: "2", memory: 512Mi}}
          startupProbe:
            httpGet: {{path: /health, port: http}}
            failureThreshold: 30
            periodSeconds: 1
          readinessProbe:
            httpGet: {{path: /health, port: http}}
          livenessProbe:
            httpGet: {{path: /health, port: http}}
            timeoutSeconds: 3
          volumeMounts:
            - {{name: tmp, mountPath: /tmp}}
      volumes:
        - name: tmp
          emptyDir: {{medium: Memory, sizeLimit: 64Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: beam-mcp
spec:
  selector: {{app: beam-mcp}}
  ports:
    - {{name: http, port: {_PORT}, targetPort: http}}
"""


def docker() -> dict[str, str]:
    """The files of the container, by name."""
    return {
        "Dockerfile": _DOCKERFILE,
        "Dockerfile.dockerignore": _IGNORED,
        "compose.yaml": _COMPOSE,
        "kubernetes.yaml": _KUBERNETES,
    }
