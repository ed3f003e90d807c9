# Build:   docker build -t adit .
#          docker build -t adit --build-arg TESTS=1 .      (runs the unit tests on the way)
# Replay:  docker run --rm -v "$PWD/captures:/captures:ro" -v "$PWD/out:/var/lib/adit" adit \
#            replay --out /var/lib/adit/verdicts /captures/tap.pcap
#          (/var/lib/adit must be writable for user 10001)
# A replay needs no huge pages, no device and no privilege. The configuration is read from
# /etc/adit; patterns and allow lists stand in /usr/share/adit. Live, and on Kubernetes:
# docs/operations.md#containers. Podman and buildah take this file too, as an ordinary user.
# Another base, one made by debootstrap say: --build-arg BASE=IMAGE --build-arg BASE_SLIM=IMAGE
ARG BASE=debian:12
ARG BASE_SLIM=debian:12-slim

FROM $BASE AS builder
WORKDIR /src
# The list of packages first: this layer stays until the list changes.
COPY scripts/lib/common.sh scripts/lib/packages.sh scripts/lib/
ARG TESTS=0
RUN bash -c 'set -e; . scripts/lib/common.sh; . scripts/lib/packages.sh; \
      apt-get update; groups=build; [[ $TESTS == 0 ]] || groups="build test"; \
      DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        $(packages_for $groups)'
COPY . .
RUN meson setup build --prefix=/usr --sysconfdir=/etc --buildtype=release \
      -Dtests=$([ "$TESTS" = 0 ] && echo false || echo true) \
    && ninja -C build \
    && { [ "$TESTS" = 0 ] || meson test -C build --suite unit --print-errorlogs; } \
    && DESTDIR=/image meson install -C build --no-rebuild

FROM $BASE_SLIM
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates libcairo2 libconfig9 libcurl4 libfstrm0 libhyperscan5 libjansson4 libjemalloc2 liblapacke libmicrohttpd12 libncursesw6 libpcap0.8 \
      libpcre2-8-0 libprotobuf-c1 librdkafka1 libsodium23 libsvm3 libxgboost0 libzip4 publicsuffix zlib1g \
      librte-meta-bus librte-meta-mempool librte-meta-net \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/adit --create-home adit \
    && install -d -o adit /etc/adit
COPY --from=builder /image/ /
USER adit
WORKDIR /var/lib/adit
VOLUME ["/etc/adit", "/var/lib/adit"]
ENTRYPOINT ["adit"]
CMD ["--help"]
