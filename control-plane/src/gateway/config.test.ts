import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ConfigError, readConfig } from './config.ts';

const least = {
  NETPILOT_GATEWAY_DATABASE_URL_FILE: '/etc/netpilot/database-url',
  NETPILOT_HOST_KEY_FILE: '/etc/netpilot/host-key',
};

function problemsOf(environment: Record<string, string | undefined>): string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.problems];
  }
}

describe('the configuration', () => {
  test('has a default for all but the database and the host key', () => {
    expect(readConfig(least)).toEqual({
      runDirectory: '/run/netpilot',
      socket: '/run/netpilot/gateway.sock',
      databaseUrlFile: '/etc/netpilot/database-url',
      tunnelListen: { host: '0.0.0.0', port: 2222 },
      tunnelPorts: { low: 2200, high: 2299, without: [2222] },
      externalPorts: { low: 2300, high: 2399 },
      hostKeyFile: '/etc/netpilot/host-key',
      sessionImage: 'netpilot-session',
      dockerSocket: '/var/run/docker.sock',
      sessionCap: 100,
      organisationCap: 50,
      userCap: 5,
      warmPool: { least: 2, most: 8 },
      requirePatchedEngine: false,
      instance: null,
    });
  });

  test('names everything that is wrong at once, and repeats no value', () => {
    const problems = problemsOf({
      NETPILOT_GATEWAY_DATABASE_URL_FILE: 'postgres://gateway:secret@host/db',
      NETPILOT_SESSION_CAP: '0',
      NETPILOT_TUNNEL_PORTS: '2300-2200',
      NETPILOT_INSTANCE: 'no spaces',
    });
    for (const name of ['DATABASE_URL_FILE', 'HOST_KEY_FILE is missing', 'SESSION_CAP', 'TUNNEL_PORTS', 'INSTANCE']) {
      expect(problems.filter((problem) => problem.includes(name))).toHaveLength(1);
    }
    expect(problems.join()).not.toContain('secret');
  });

  test.each([
    ['the port ranges overlap', { NETPILOT_EXTERNAL_PORTS: '2299-2399' }, /overlap/u],
    ['no tunnel port is left', { NETPILOT_TUNNEL_PORTS: '2222-2222' }, /no port left/u],
    ['a privileged port is asked for', { NETPILOT_TUNNEL_PORTS: '22-2299' }, /1024/u],
    ['a session socket would not fit', { NETPILOT_RUN_DIRECTORY: `/${'x'.repeat(60)}` }, /107 bytes/u],
    ['the image name is an option', { NETPILOT_SESSION_IMAGE: '--privileged' }, /image/u],
  ])('is refused when %s', (_what, change, expected) => {
    expect(problemsOf({ ...least, ...change }).join()).toMatch(expected);
  });

  test('an engine without known escapes is asked for in so many words', () => {
    expect(readConfig({ ...least, NETPILOT_REQUIRE_PATCHED_ENGINE: '1' }).requirePatchedEngine).toBe(true);
    expect(problemsOf({ ...least, NETPILOT_REQUIRE_PATCHED_ENGINE: 'yes' }).join()).toMatch(/0 or 1/u);
  });

  test('an empty variable counts as unset', () => {
    expect(readConfig({ ...least, NETPILOT_WARM_POOL: '', NETPILOT_INSTANCE: '' })).toMatchObject({
      warmPool: { least: 2, most: 8 },
      instance: null,
    });
  });

  test('takes an IPv6 listen address', () => {
    expect(readConfig({ ...least, NETPILOT_TUNNEL_LISTEN: '[::1]:2500' })).toMatchObject({
      tunnelListen: { host: '::1', port: 2500 },
      tunnelPorts: { without: [] },
    });
  });

  test('whatever a number variable says, a number within bounds comes of it or a problem', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const environment = { ...least, NETPILOT_SESSION_CAP: text };
        if (problemsOf(environment).length > 0) return;
        const { sessionCap } = readConfig(environment);
        expect(Number.isInteger(sessionCap) && sessionCap >= 1 && sessionCap <= 1_000).toBe(true);
      }),
    );
  });
});
