/** Everything that the script says about one router; all of it is checked against {@link quoted}'s alphabet. */
export interface EnrolmentFacts {
  /** Public URL of the bastion. */
  readonly publicUrl: string;
  readonly token: string;
  readonly tunnelHost: string;
  readonly tunnelServerPort: number;
  readonly tunnelUser: string;
  /** The gateway's host key line, pinned on the router. */
  readonly tunnelHostKey: string;
  /** This router's port on the gateway. */
  readonly port: number;
  /** The key that the bastion shows to this router. */
  readonly bastionPublicKey: string;
}

/** The line to paste. The token goes in the body: a URL would stand in logs on the way. */
export function installLine(publicUrl: string, token: string): string {
  const url = quoted(`${publicUrl}/api/v1/enrolment/script`);
  const body = quoted(`token=${token}`);
  return `(wget -qO- --post-data=${body} ${url} || curl -fsS -d ${body} ${url}) | sh`;
}

/**
 * What a tunnel from OpenSSH is enciphered with, first choice first. By itself OpenSSH would take CTR with a checksum of its own, which is two
 * passes over every byte, here and there, where GCM is one; Dropbear's stock build knows no GCM.
 */
export const OPENSSH_TUNNEL_CIPHERS = 'aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes256-ctr';

/** The line that takes everything off the router again. */
export const REMOVE_LINE = 'sh /etc/netpilot/remove.sh';

/**
 * The script behind the pasted line, for BusyBox ash with OpenWrt's own programs and for any system with OpenSSH and systemd. It installs
 * no package, stores no password and touches no firewall rule; it can be run again.
 */
export function enrolmentScript(facts: EnrolmentFacts): string {
  const { tunnelHost, tunnelServerPort, tunnelUser, port } = facts;
  const hostKeyName = tunnelServerPort === 22 ? tunnelHost : `[${tunnelHost}]:${tunnelServerPort}`;
  return `#!/bin/sh
# Attaches this router to its bastion. Undo with: ${REMOVE_LINE}
set -eu
umask 077

DIR=/etc/netpilot
KEY=$DIR/tunnel_key
SERVER=${quoted(tunnelHost)}
SERVER_PORT=${quoted(String(tunnelServerPort))}
SERVER_USER=${quoted(tunnelUser)}
SERVER_KEY=${quoted(facts.tunnelHostKey)}
PORT=${quoted(String(port))}
BASTION_KEY=${quoted(`${facts.bastionPublicKey} netpilot-bastion`)}
TOKEN=${quoted(facts.token)}
REPORT_URL=${quoted(`${facts.publicUrl}/api/v1/enrolment/report`)}

say() { echo "netpilot: $*"; }
die() { echo "netpilot: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

[ "$(id -u)" = 0 ] || die 'run this line as root'

if [ -f /etc/openwrt_release ] && have dbclient && have dropbearkey; then
  SYSTEM=openwrt
  AUTHORIZED=/etc/dropbear/authorized_keys
elif have ssh && have ssh-keygen && have systemctl; then
  SYSTEM=systemd
  AUTHORIZED=/root/.ssh/authorized_keys
else
  die 'this system has neither Dropbear on OpenWrt nor OpenSSH with systemd'
fi

# 1. The router's own key. It never leaves this router.
mkdir -p "$DIR/.ssh"
if [ "$SYSTEM" = openwrt ]; then
  [ -s "$KEY" ] || dropbearkey -t ed25519 -f "$KEY" >/dev/null 2>&1
  PUBLIC=$(dropbearkey -y -f "$KEY" | grep '^ssh-' | cut -d' ' -f1,2)
  HOST_KEY=
  for file in /etc/dropbear/dropbear_ed25519_host_key /etc/dropbear/dropbear_rsa_host_key; do
    [ -s "$file" ] || continue
    HOST_KEY=$(dropbearkey -y -f "$file" | grep '^ssh-' | cut -d' ' -f1,2)
    break
  done
  SSH_PORT=$(uci -q get 'dropbear.@dropbear[0].Port' 2>/dev/null || echo 22)
  SSH_ADDRESS=127.0.0.1
  # A Dropbear that is bound to the LAN does not listen on loopback.
  if [ -n "$(uci -q get 'dropbear.@dropbear[0].Interface' 2>/dev/null || true)" ]; then
    SSH_ADDRESS=$(uci -q get network.lan.ipaddr 2>/dev/null | cut -d/ -f1)
    [ -n "$SSH_ADDRESS" ] || SSH_ADDRESS=127.0.0.1
  fi
else
  [ -s "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$KEY"
  PUBLIC=$(cut -d' ' -f1,2 "$KEY.pub")
  HOST_KEY=$(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub 2>/dev/null || true)
  SSH_PORT=22
  SSH_ADDRESS=127.0.0.1
fi
[ -n "$PUBLIC" ] || die 'no tunnel key could be made'
[ -n "$HOST_KEY" ] || die 'the host key of the SSH server was not found; start the SSH server once and paste the line again'

# 2. Pin the gateway's host key.
printf '%s %s\\n%s %s\\n' "$SERVER" "$SERVER_KEY" ${quoted(hostKeyName)} "$SERVER_KEY" > "$DIR/.ssh/known_hosts"

# 3. Allow the bastion's key, once.
mkdir -p "$(dirname "$AUTHORIZED")"
touch "$AUTHORIZED"
chmod 600 "$AUTHORIZED"
sed -i '/ netpilot-bastion$/d' "$AUTHORIZED"
[ -z "$(tail -c 1 "$AUTHORIZED")" ] || echo >> "$AUTHORIZED"
echo "$BASTION_KEY" >> "$AUTHORIZED"

# 4. How to undo all of this.
cat > "$DIR/remove.sh" <<'REMOVE'
#!/bin/sh
if [ -x /etc/init.d/netpilot-tunnel ]; then
  /etc/init.d/netpilot-tunnel stop
  /etc/init.d/netpilot-tunnel disable
  rm -f /etc/init.d/netpilot-tunnel /lib/upgrade/keep.d/netpilot
elif [ -f /etc/systemd/system/netpilot-tunnel.service ]; then
  systemctl disable --now netpilot-tunnel.service
  rm -f /etc/systemd/system/netpilot-tunnel.service
  systemctl daemon-reload
fi
for file in /etc/dropbear/authorized_keys /root/.ssh/authorized_keys; do
  [ ! -f "$file" ] || sed -i '/ netpilot-bastion$/d' "$file"
done
rm -rf /etc/netpilot
echo 'netpilot: removed'
REMOVE

# 5. Tell the bastion both public keys, with the one-time token.
encode() { printf '%s' "$1" | sed 's/+/%2B/g; s/ /%20/g; s/=/%3D/g; s,/,%2F,g'; }
BODY="token=$TOKEN&user=root&key=$(encode "$PUBLIC")&host_key=$(encode "$HOST_KEY")"
if have wget; then
  wget -qO /dev/null --post-data="$BODY" "$REPORT_URL" || die 'the bastion did not accept this line; make a new one on its page'
else
  curl -fsS -o /dev/null -d "$BODY" "$REPORT_URL" || die 'the bastion did not accept this line; make a new one on its page'
fi

# 6. The tunnel as a service that comes back by itself.
if [ "$SYSTEM" = openwrt ]; then
  cat > /etc/init.d/netpilot-tunnel <<SERVICE
#!/bin/sh /etc/rc.common
START=99
STOP=10
USE_PROCD=1

start_service() {
  procd_open_instance
  procd_set_param command /usr/bin/env HOME=$DIR dbclient -N -K 30 -o ExitOnForwardFailure=yes -i $KEY -p $SERVER_PORT -R 127.0.0.1:$PORT:$SSH_ADDRESS:$SSH_PORT $SERVER_USER@$SERVER
  procd_set_param respawn 0 5 0
  procd_close_instance
}
SERVICE
  chmod 755 /etc/init.d/netpilot-tunnel
  [ ! -d /lib/upgrade/keep.d ] || printf '%s\\n' "$DIR" /etc/init.d/netpilot-tunnel > /lib/upgrade/keep.d/netpilot
  /etc/init.d/netpilot-tunnel enable
  /etc/init.d/netpilot-tunnel stop >/dev/null 2>&1 || true
  /etc/init.d/netpilot-tunnel start
else
  cat > /etc/systemd/system/netpilot-tunnel.service <<SERVICE
[Unit]
Description=Reverse SSH tunnel to the bastion
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=$(command -v ssh) -N -T -o BatchMode=yes -o ServerAliveInterval=30 -o ServerAliveCountMax=3 -o ExitOnForwardFailure=yes -o Ciphers=${OPENSSH_TUNNEL_CIPHERS} -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$DIR/.ssh/known_hosts -o IdentitiesOnly=yes -i $KEY -p $SERVER_PORT -R 127.0.0.1:$PORT:$SSH_ADDRESS:$SSH_PORT $SERVER_USER@$SERVER
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
SERVICE
  systemctl daemon-reload
  systemctl enable netpilot-tunnel.service
  systemctl restart netpilot-tunnel.service
fi
say 'this router is attached; its tunnel comes up in a moment'
`;
}

/**
 * A value as one shell word.
 * @throws Error for a character outside what keys, tokens, URLs and host names need: such a value is a mistake of ours, not something to escape.
 */
function quoted(value: string): string {
  if (!/^[A-Za-z0-9 ._~:/?#@=+,&[\]-]*$/u.test(value)) throw new Error('a value that has no place in a shell script');
  return `'${value}'`;
}
