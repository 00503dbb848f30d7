"""A real RTSP server for the tests, run by the system's python3 (GstRtspServer is not on PyPI).

    /usr/bin/python3 rtsp_server.py UNITS --port 0 [--user U --password P] [--certificate PEM]

UNITS holds access units: one line ``codec fps`` (h264 or h265, whole frames a second), then for each unit four bytes
big-endian length and the unit in Annex B. They are served at /cam in a loop, from the first one for every client,
without encoding. "ready PORT" on stdout tells that clients may come. With a certificate (and its key in the same file)
clients come over TLS.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer  # noqa: E402


def read_units(path: Path) -> tuple[str, int, list[bytes]]:
    head, _, body = path.read_bytes().partition(b"\n")
    codec, fps = head.decode().split()
    units = []
    while body:
        size = int.from_bytes(body[:4], "big")
        units.append(body[4 : 4 + size])
        body = body[4 + size :]
    return codec, int(fps), units


class Feed:
    """Pushes one access unit a frame into the appsrc of one client's pipeline."""

    def __init__(self, source, units, fps):
        self.source, self.units, self.fps, self.count = source, units, fps, 0
        GLib.timeout_add(1000 // fps, self.push)

    def push(self):
        unit = Gst.Buffer.new_wrapped(self.units[self.count % len(self.units)])
        unit.pts = unit.dts = self.count * Gst.SECOND // self.fps
        unit.duration = Gst.SECOND // self.fps
        self.count += 1
        return self.source.emit("push-buffer", unit) == Gst.FlowReturn.OK


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", type=Path)
    parser.add_argument("--port", default="0")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--certificate")
    args = parser.parse_args()
    codec, fps, units = read_units(args.units)

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( appsrc name=source is-live=true format=time caps=video/x-{codec},stream-format=byte-stream,alignment=au"
        f" ! {codec}parse ! rtp{codec}pay name=pay0 pt=96 config-interval=0 )"
    )
    factory.connect("media-configure", lambda _, media: Feed(media.get_element().get_by_name("source"), units, fps))
    auth = GstRtspServer.RTSPAuth() if args.user or args.certificate else None
    if args.certificate:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(args.certificate))
    if auth is not None:
        server.set_auth(auth)
    if args.user:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
    elif auth is not None:  # TLS for whoever comes
        anybody = GstRtspServer.RTSPToken()
        anybody.set_string("media.factory.role", "anybody")
        auth.set_default_token(anybody)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("anybody", "media.factory.access", True)
        permissions.add_permission_for_role("anybody", "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/cam", factory)
    if not server.attach(None):
        sys.exit("the port is taken")
    sys.stdout.write(f"ready {server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
