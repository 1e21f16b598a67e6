import type { AlgorithmSet } from '@netpilot/control-plane/contract/routers.ts';
import type { Algorithms } from 'ssh2';

const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
] as const;
const HOST_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;
// No chacha20-poly1305: with a peer that lacks strict key exchange it is open to prefix truncation (CVE-2023-48795), as are the
// etm MACs with CBC; AES-GCM and AES-CTR are not, and every router has one of them.
const CIPHERS = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'] as const;
const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;

/**
 * What we offer a router. The pinned key's own algorithms come first, so that a router with several host keys shows the pinned one.
 * @param pinnedType the first word of the pinned key, such as `ssh-ed25519`, or null
 */
export function algorithmsFor(set: AlgorithmSet, pinnedType: string | null): Algorithms {
  const hostKeys: string[] = set === 'modern' ? [...HOST_KEYS] : [...HOST_KEYS, 'ssh-rsa'];
  const ofPin = (name: string) => name === pinnedType || (pinnedType === 'ssh-rsa' && name.startsWith('rsa-sha2-'));
  const offer = {
    kex: set === 'modern' ? [...KEX] : [...KEX, 'diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
    serverHostKey: [...hostKeys.filter(ofPin), ...hostKeys.filter((name) => !ofPin(name))],
    cipher: set === 'modern' ? [...CIPHERS] : [...CIPHERS, 'aes256-cbc', 'aes192-cbc', 'aes128-cbc'],
    // Without the etm variants: CBC with them is the other half of CVE-2023-48795.
    hmac: set === 'modern' ? [...MACS] : ['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'],
    compress: ['none'],
  };
  return offer as Algorithms;
}
