"""Real Debian 12 hosts and the packets between them: what Nova and Neutron of the sandbox cloud say, this makes so.

agent.py      the root process: answers Nova's driver, converges the data plane, is started and stopped by `control.py`
machines.py   hosts: systemd-nspawn with systemd as pid 1, over an overlay of one image (nspawn.py, seed.py, cgroup.py),
              or qemu with a kernel of its own, over a layer of one disk (qemu.py, guest.py)
plan.py       what the data plane should be, computed from Neutron's lists (pure)
dataplane.py  makes it so: bridges, routers, the operator's way in
access.py     ssh_config and known_hosts of the operator
image.py      the Debian image; disk.py the same as a disk, with kernel
"""
