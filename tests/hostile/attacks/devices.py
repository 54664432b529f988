"""Makes and opens devices: memory, disks, the log of the kernel, the terminal of the grader."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Devices can be neither made nor found; /dev holds the harmless ones.",
    code="""
import fcntl
import os
import stat

def attack():
    for name in ("mem", "kmsg", "sda", "vda", "kvm", "fuse", "loop-control", "mapper/control", "vhost-vsock"):
        if os.path.exists("/dev/" + name):
            return name
    for number in ((1, 1), (8, 0), (253, 0)):
        for folder in ("/tmp", "/work", "/dev/shm"):
            try:
                os.mknod(folder + "/disk", 0o600 | stat.S_IFBLK, os.makedev(*number))
                os.open(folder + "/disk", os.O_RDONLY)
                return number
            except OSError:
                pass
    for letter in b"exit":
        fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), 0x5412, bytes([letter]))
""",
    raises=("PermissionError", "OSError"),
)
