# Penstock as a container: built as on any Debian 12 by ./dev, then only the package.
#
#   docker build -t penstock .
#   docker run --rm -v "$PWD:/var/lib/penstock" penstock plan -C /var/lib/penstock
#   docker run -d -p 127.0.0.1:7070:7070 -v penstock:/var/lib/penstock penstock
#
# The service refuses to listen elsewhere than on loopback without logins: see docs/install.md.
FROM debian:12 AS build
WORKDIR /src
COPY . .
RUN ./dev package

FROM debian:12
COPY --from=build /src/build/penstock_*.deb /tmp/
RUN apt-get update \
 && apt-get install -y --no-install-recommends /tmp/penstock_*.deb git \
 && rm -rf /var/lib/apt/lists/* /tmp/penstock_*.deb
USER penstock
WORKDIR /var/lib/penstock
VOLUME /var/lib/penstock
EXPOSE 7070
STOPSIGNAL SIGTERM
ENTRYPOINT ["penstock"]
CMD ["serve", "--listen", "0.0.0.0:7070", "-C", "/var/lib/penstock"]
