import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { enrolmentScript, installLine } from './enrolment-script.ts';

const facts = {
  publicUrl: 'http://127.0.0.1:8080',
  token: 'A'.repeat(43),
  tunnelHost: 'bastion.example',
  tunnelServerPort: 2222,
  tunnelUser: 'tunnel',
  tunnelHostKey: `ssh-ed25519 ${'A'.repeat(68)}`,
  port: 2207,
  bastionPublicKey: `ssh-ed25519 ${'B'.repeat(68)}`,
};

describe('enrolment script', () => {
  test('is a script that a POSIX shell parses', () => {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: enrolmentScript(facts), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('loosens no firewall rule, installs no package, keeps no password', () => {
    expect(enrolmentScript(facts)).not.toMatch(/firewall|iptables|nft|opkg|apk |apt|passw|uci (set|commit|add)/iu);
  });

  test('pins the gateway and forwards its own port on loopback only', () => {
    const script = enrolmentScript(facts);
    expect(script).toContain(facts.tunnelHostKey);
    expect(script).toContain('-R 127.0.0.1:$PORT:');
    expect(script).not.toMatch(/StrictHostKeyChecking=no|dbclient.* -y /u);
  });

  test('the line to paste has no token in a URL', () => {
    const line = installLine(facts.publicUrl, facts.token);
    expect(line).not.toMatch(new RegExp(`https?://[^' ]*${facts.token}`, 'u'));
    expect(line.split('\n')).toHaveLength(1);
  });

  test('a value that could leave its quotes is refused', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom("'", '"', '`', '$', '\\', '\n', ';', '|', '<', '(', '\0'),
        fc.string(),
        (before, bad, after) => {
          expect(() => enrolmentScript({ ...facts, tunnelHost: before + bad + after })).toThrow();
        },
      ),
    );
  });
});
