import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Router, RouterCreated } from '../../contract/routers.ts';
import { OPENSSH_TUNNEL_CIPHERS } from '../../src/api/routers/enrolment-script.ts';
import { TestProcess } from './child-process.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import type { TestPerson } from './person.ts';

export interface RouterSurroundings {
  readonly directory: string;
  readonly tunnelPort: number;
}

/**
 * A router made of OpenSSH: a server of its own on loopback, and a client that holds the reverse tunnel. It enrols as the script does, by
 * reporting its two public keys with the one-time token.
 */
export class TestRouter {
  readonly id: string;
  readonly port: number;
  /** Where its own SSH server listens. */
  readonly sshPort: number;
  readonly directory: string;
  readonly #server: TestProcess;
  readonly #tunnel: TestProcess;
  #redial: NodeJS.Timeout | undefined;

  private constructor(
    router: Pick<Router, 'id' | 'tunnelPort'>,
    sshPort: number,
    directory: string,
    server: TestProcess,
    tunnel: TestProcess,
  ) {
    this.id = router.id;
    this.port = router.tunnelPort ?? 0;
    this.sshPort = sshPort;
    this.directory = directory;
    this.#server = server;
    this.#tunnel = tunnel;
  }

  /** Makes, enrols and connects a router of an organisation; its tunnel is up when this returns. */
  static async enrol(
    person: TestPerson,
    organisationId: string,
    name: string,
    surroundings: RouterSurroundings,
  ): Promise<TestRouter> {
    const body = { attachment: 'enrolled', organisationId, name };
    const { router, enrolment } = await person.ask(RouterCreated, 'POST', '/routers', body);
    return TestRouter.attach(person, router, enrolment?.install ?? '', surroundings);
  }

  /** Enrols and connects a router that was made already, with the line to paste. */
  static async attach(
    person: TestPerson,
    router_: Pick<Router, 'id' | 'tunnelPort'>,
    line: string,
    surroundings: RouterSurroundings,
  ): Promise<TestRouter> {
    const token = /token=([\w-]{43})/u.exec(line)?.[1];
    if (token === undefined) throw new Error('the line to paste holds no token');
    const script = await postForm(person.url, 'script', { token });
    const value = (key: string) => new RegExp(`^${key}='([^']*)'$`, 'mu').exec(script)?.[1] ?? '';

    const directory = join(surroundings.directory, `router-${router_.id}`);
    mkdirSync(directory, { mode: 0o700 });
    const key = (file: string) => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, file)]);
      return readFileSync(join(directory, `${file}.pub`), 'utf8').trim();
    };
    const tunnelKey = key('tunnel_key');
    const hostKey = key('host_key');
    writeFileSync(join(directory, 'authorized_keys'), `${value('BASTION_KEY')}\n`, { mode: 0o600 });
    writeFileSync(join(directory, 'known_hosts'), `[127.0.0.1]:${surroundings.tunnelPort} ${value('SERVER_KEY')}\n`);
    await postForm(person.url, 'report', { token, user: 'root', key: tunnelKey, host_key: hostKey });

    const sshPort = await freePorts(1);
    writeFileSync(join(directory, 'sshd_config'), sshdConfig(directory, sshPort));
    mkdirSync('/run/sshd', { recursive: true });
    const log = join(directory, 'log');
    const server = new TestProcess(
      ['/usr/sbin/sshd', '-D', '-e', '-f', join(directory, 'sshd_config')],
      process.env,
      log,
    );
    const tunnel = new TestProcess(
      [
        'ssh',
        '-N',
        '-T',
        '-F',
        'none',
        '-o',
        'BatchMode=yes',
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'ExitOnForwardFailure=yes',
        '-o',
        `Ciphers=${OPENSSH_TUNNEL_CIPHERS}`,
        '-o',
        'ServerAliveInterval=15',
        '-o',
        `UserKnownHostsFile=${join(directory, 'known_hosts')}`,
        '-o',
        'StrictHostKeyChecking=yes',
        '-i',
        join(directory, 'tunnel_key'),
        '-p',
        String(surroundings.tunnelPort),
        '-R',
        `127.0.0.1:${value('PORT')}:127.0.0.1:${sshPort}`,
        `${value('SERVER_USER')}@127.0.0.1`,
      ],
      process.env,
      log,
    );
    const router = new TestRouter(router_, sshPort, directory, server, tunnel);
    server.start();
    await router.connect(person);
    return router;
  }

  /** Dials in, again and again until the tunnel stands. */
  async connect(person: TestPerson): Promise<void> {
    await eventually('the tunnel to come up', async () => {
      if (!this.#tunnel.running) this.#tunnel.start();
      return (await person.ask(z.object({ tunnel: z.object({ up: z.boolean() }) }), 'GET', `/routers/${this.id}`))
        .tunnel.up;
    });
  }

  /** Dials again whenever the tunnel has ended, as the service on a router does, until {@link disconnect} or {@link stop}. */
  keepDialling(): void {
    this.#redial ??= setInterval(() => {
      if (!this.#tunnel.running) this.#tunnel.start();
    }, 200);
  }

  /** Cuts the tunnel. */
  disconnect(): Promise<void> {
    clearInterval(this.#redial);
    this.#redial = undefined;
    return this.#tunnel.stop('SIGKILL');
  }

  /** Lets the router's SSH server show another host key from the next connection on. */
  async changeHostKey(): Promise<void> {
    await this.#server.stop();
    execFileSync('rm', ['-f', join(this.directory, 'host_key'), join(this.directory, 'host_key.pub')]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(this.directory, 'host_key')]);
    this.#server.start();
  }

  /** Stops or starts the router's SSH server; its tunnel stays. */
  async setServing(serving: boolean): Promise<void> {
    if (serving) this.#server.start();
    else await this.#server.stop();
  }

  /** Leaves the router's SSH server silent, or lets it go on; connections to it are accepted all the while. */
  setSilent(silent: boolean): void {
    this.#server.signal(silent ? 'SIGSTOP' : 'SIGCONT');
  }

  async stop(): Promise<void> {
    await this.disconnect();
    this.setSilent(false);
    await this.#server.stop();
  }
}

async function postForm(url: string, what: string, form: Record<string, string>): Promise<string> {
  const response = await fetch(`${url}/api/v1/enrolment/${what}`, { method: 'POST', body: new URLSearchParams(form) });
  const text = await response.text();
  if (!response.ok) throw new Error(`the enrolment answered ${response.status}: ${text}`);
  return text;
}

function sshdConfig(directory: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(directory, 'host_key')}`,
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'MaxStartups 100',
    'MaxSessions 100',
    'PrintMotd no',
    'PrintLastLog no',
    // Its own home: what this machine's root has in .profile and .bashrc is none of the router's.
    `SetEnv PS1=router$ HOME=${directory}`,
    '',
  ].join('\n');
}
