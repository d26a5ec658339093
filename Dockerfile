# The consent server in a container: docker build -t consent-server .
# Settings are CONSENT_* variables (README.md); compose.yaml beside this file shows them in use.

FROM python:3.12-slim AS build
WORKDIR /source
# What a wheel is made of, and nothing else: a change of the tests or the docs builds nothing anew.
COPY pyproject.toml constraints.txt hatch_build.py README.md LICENSE cookie_catalog.toml ./
COPY tools ./tools
COPY widget ./widget
COPY consent_server ./consent_server
# Building the wheel builds the widget, which needs Node.js. It comes from the package index for this one
# command (hatch_build.py asks for it) and never reaches the image below.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
COPY constraints.txt /tmp/constraints.txt
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-compile --constraint /tmp/constraints.txt /tmp/wheels/*.whl \
    && rm -r /tmp/wheels /tmp/constraints.txt \
    # A number that the host does not know: whoever breaks out of the container is nobody there.
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/consent-server consent-server \
    # A volume takes owner and mode from here: keys and database are for nobody else.
    && install --directory --mode 0700 --owner consent-server --group consent-server /var/lib/consent-server

USER 10001:10001
# Where the catalog is mounted, and where database and keys are kept: both outlive the container.
ENV CONSENT_CATALOG=/etc/consent-server/cookie_catalog.toml \
    CONSENT_DATA_DIR=/var/lib/consent-server \
    CONSENT_HOST=0.0.0.0 \
    CONSENT_PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME /var/lib/consent-server
EXPOSE 8000
# The image has neither curl nor wget.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['CONSENT_PORT'] + '/healthz', timeout=4)"]
# In this form, without a shell, the signal that stops the container reaches the server: it writes what waits.
ENTRYPOINT ["consent-server"]
CMD ["serve"]
