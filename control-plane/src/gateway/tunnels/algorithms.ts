import type { Algorithms } from 'ssh2';

/**
 * What the tunnel server speaks. Every pair of cipher and MAC here stays whole under prefix truncation (Terrapin, CVE-2023-48795) even
 * with a peer that does not know strict key exchange, which ssh2 offers and enforces by itself: ChaCha20-Poly1305 and CBC are left
 * out. Dropbear knows neither GCM nor encrypt-then-MAC in its stock build, so CTR with plain SHA-2 MACs has to stay.
 */
export const TUNNEL_ALGORITHMS: Algorithms = {
  // The client's order decides, ours matters to Dropbear alone: it sends its guess ahead of the server's list, and when the guess is our
  // first entry it does not send again what ssh2 has dropped by then, and both wait for ever. No Dropbear guesses this one.
  kex: ['ecdh-sha2-nistp256', 'curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group14-sha256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr', 'aes128-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};
