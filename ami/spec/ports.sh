#!/bin/bash
# Spec, ports: nothing that opens one starts at boot; on a running machine nothing listens to the outside. Sourced by check.sh.
lib=${lib:-/usr/lib/runpool} phase=${phase:-image}
open=$(for unit in ssh.service ssh.socket sshd.service sshd.socket rpcbind.service rpcbind.socket telnet.socket vsftpd.service \
  nginx.service apache2.service httpd.service cups.service avahi-daemon.service smbd.service nfs-server.service; do
  [ "$(systemctl is-enabled "$unit" 2>/dev/null)" != enabled ] || echo "$unit"
done)
nothing "no unit that opens a port starts at boot" "$open"
# Sockets by what they say: a port alone, or an address that is not the machine's own.
sockets=$(find /etc/systemd/system -path '*.wants/*.socket' -exec grep -HsE '^Listen(Stream|Datagram)=' {} + |
  grep -vE '=([/@%]|127\.|\[::1\]|vsock:|$)')
nothing "no socket at boot listens to the outside" "$sockets"
nothing "docker does not listen to the network" "$(grep -s '"hosts"' /etc/docker/daemon.json)"
if [ "$phase" = booted ]; then
  if command -v ss >/dev/null; then
    # Ours are none; the loopback is nobody's business but the machine's. A test's metadata service is on the loopback too.
    outside=$(ss -Hltn | awk '{ print $4 }' | grep -vE '^(127\.|\[::1\]|\[::ffff:127\.)')
    stands=$(ip -o address show dev lo 2>/dev/null | grep -o '169\.254\.169\.254')
    if [ -n "$stands" ]; then
      stand_in "instance metadata on this machine's own loopback"
      outside=$(grep -v '^169\.254\.169\.254:' <<<"$outside")
    fi
    nothing "nothing listens to the outside" "$outside"
  else
    skip "nothing listens to the outside" "no ss on this system"
  fi
fi
