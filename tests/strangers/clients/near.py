"""Nothing but this machine is reached, nor is any name asked for."""

import socket


def guard(replace):
    """``replace`` puts a function in place of another, as setattr does."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def near(self, address):
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), address
        return connect(self, address)

    def known(host, *rest, **more):
        assert host in ("127.0.0.1", "localhost", b"127.0.0.1", None), host
        return resolve(host, *rest, **more)

    replace(socket.socket, "connect", near)
    replace(socket, "getaddrinfo", known)
