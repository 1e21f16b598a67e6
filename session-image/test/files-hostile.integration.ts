import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import ssh2 from 'ssh2';
import type { ServerChannel } from 'ssh2';
import { startAgent } from '../src/agent.ts';
import type { Agent } from '../src/agent.ts';
import { cancel, FilesClient, header, refused } from './files-client.ts';
import { TestLink, until } from './test-link.ts';
import { FILE_HEADER } from '@netpilot/control-plane/contract/files.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const hostKeyPem = privateKey.export({ format: 'pem', type: 'pkcs1' }) as string;
const parsed = ssh2.utils.parseKey(hostKeyPem);
if (parsed instanceof Error) throw parsed;
const hostKey = `ssh-rsa ${parsed.getPublicSSH().toString('base64')}`;

/** Answers to the probe of a shell, as a router without lies gives them; the first part is what was asked for. */
const PROBE = (command: string) => {
  const echo = Buffer.from([0x24, 0x28, 0x78, 0x29, 0x27, 0x22, 0x5c, 0x0a, 0xff, 0x21, 0x2a, 0x0a]);
  if (!command.includes('command -v tar')) return null;
  return Buffer.concat([echo, Buffer.from(`\0/root\0${line('drwxr-xr-x', 4_096, '/')}\0ts\0/\0`)]);
};
const line = (mode: string, size: number, name: string) =>
  ` 7 ${mode} 1 0 0 ${size} 2026-01-02 03:04:05 +0000 ${name}\n`;
const batch = (kind: string, mode: string, size: number, name: string) =>
  `${kind}${name}\0\0${line(mode, size, name)}\0`;

let link: TestLink;
let agent: Agent;
let server: InstanceType<typeof ssh2.Server>;
let files: FilesClient;
/** What a command does; null for one that is not expected. */
let exec: (command: string, channel: ServerChannel) => void;
let sftp: ((channel: ServerChannel) => void) | null;
/** Channels of commands that are open. */
let running: number;
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  running = 0;
  sftp = null;
  exec = (_command, channel) => end(channel, '', 1);
  server = new ssh2.Server({ hostKeys: [hostKeyPem] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (acceptSession) => {
      const session = acceptSession();
      session.on('exec', (accept, _reject, { command }) => {
        const channel = accept();
        running++;
        channel.on('close', () => running--);
        channel.on('error', () => undefined);
        channel.resume();
        const probe = PROBE(command);
        if (!probe) return exec(command, channel);
        end(channel, sftp ? 'what?' : probe);
      });
      // ssh2 would speak SFTP by itself; here the bytes are ours.
      session.on(
        'subsystem' as 'exec',
        ((accept: () => ServerChannel, reject: () => void) => {
          if (!sftp) return reject();
          const channel = accept();
          channel.on('error', () => undefined);
          sftp(channel);
        }) as never,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  link = await TestLink.open();
  link.target = (server.address() as AddressInfo).port;
  await link.openControl();
  await link.openTunnel();
  agent = startAgent({ directory: link.directory, report: (error) => errors.push(error) });
  const authentication = { type: 'password' as const, password: 'any' };
  const connect = { type: 'connect' as const, user: 'admin', hostKey, algorithms: 'modern' as const, authentication };
  const connection = await link.connect({ ...connect, timeoutMs: 60_000 });
  expect(await connection.outcome()).toMatchObject({ type: 'connected' });
  files = new FilesClient(link);
});
afterEach(async () => {
  await agent.stop();
  await link.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(errors).toEqual([]);
});

const end = (channel: ServerChannel, bytes: Buffer | string, code = 0) => {
  channel.write(bytes);
  channel.exit(code);
  channel.end();
};
/** Bytes for as long as anybody takes them. */
const writeForEver = (channel: ServerChannel) => {
  let open = true;
  channel.on('close', () => (open = false));
  const more = () => {
    if (open && channel.write(Buffer.alloc(262_144, 'x'))) setImmediate(more);
  };
  channel.on('drain', more);
  more();
};

describe('a shell that lies', () => {
  test('about the size of a file is told of, whichever way it lies', async () => {
    exec = (_command, channel) => end(channel, `${batch('-', '-rw-r--r--', 100, '/f')}only so much`);
    expect((await files.read('/f')).end).toMatchObject({ outcome: 'shrank', bytes: 12 });
    exec = (_command, channel) => end(channel, `${batch('-', '-rw-r--r--', 5, '/f')}more than five`);
    expect(await files.read('/f')).toMatchObject({ bytes: Buffer.from('more '), end: { outcome: 'grew', bytes: 5 } });
    exec = (_command, channel) => {
      channel.write(`${batch('-', '-rw-r--r--', 4, '/f')}same`);
      channel.stderr.write(line('-rw-r--r--', 9, '/f'));
      channel.exit(0);
      channel.end();
    };
    expect((await files.read('/f')).end).toMatchObject({ outcome: 'grew' });
  });

  test('that the file is whole when the command failed is not believed', async () => {
    exec = (_command, channel) => {
      channel.write(`${batch('-', '-rw-r--r--', 9, '/f')}nine byte`);
      channel.stderr.write('cat: read error: \u001b[31mInput/output error\u202e\n');
      channel.exit(1);
      channel.end();
    };
    const problem = { file: 'failed', detail: 'cat: read error:  [31mInput/output error' };
    expect((await files.read('/f')).end).toMatchObject({ outcome: 'problem', problem });
  });

  test('with a file that never ends is stopped when the reader goes, or at a bound', async () => {
    exec = (_command, channel) => {
      channel.write(batch('-', '-rw-r--r--', 0, '/f'));
      writeForEver(channel);
    };
    const stream = await files.open('read', { path: '/f', offset: 0, length: null, version: null });
    await new Promise((resolve) => stream.once('data', resolve));
    cancel(stream);
    await until('the command to end', () => running === 0);
    const { end: told, bytes } = await files.read('/f');
    expect(bytes).toHaveLength(64 * 1_048_576);
    expect(told).toMatchObject({ outcome: 'problem' });
    await until('the command to end', () => running === 0);
  });

  test('with names that were not asked for shows no entry of them', async () => {
    exec = (_command, channel) =>
      end(
        channel,
        `${batch('-', 'drwxr-xr-x', 0, '.')}-./a\0-./../b\0-./c/d\0\0${line('-rw-r--r--', 1, './a')}${line('-rw-r--r--', 1, './../b')}${line('-rw-r--r--', 1, './c/d')}${line('-rw-r--r--', 1, './never named')}\0`,
      );
    const { entries, skipped } = await files.list('/x');
    expect(entries.map(({ name }) => name.text)).toEqual(['a']);
    expect(skipped).toBe(2);
  });

  test('with a listing that does not end, or breaks off, is given up', async () => {
    exec = (_command, channel) => {
      channel.write(batch('-', 'drwxr-xr-x', 0, '.'));
      writeForEver(channel);
    };
    expect(await refused(files.list('/x'))).toMatchObject({ file: 'too_large' });
    exec = (_command, channel) => end(channel, `${batch('-', 'drwxr-xr-x', 0, '.')}-./a\0-./b\0`);
    expect(await refused(files.list('/x'))).toMatchObject({ file: 'failed' });
    await until('the commands to end', () => running === 0);
  });

  test('and is cut off in the middle leaves no file that looks whole', async () => {
    exec = (command, channel) => {
      if (!command.includes("P='/f'") && !command.includes('/f')) return end(channel, '', 1);
      channel.write(batch('-', '-rw-r--r--', 1_000_000, '/f'));
      channel.write(Buffer.alloc(1_000));
    };
    const stream = await files.open('read', { path: '/f', offset: 0, length: null, version: null });
    let trailers = {};
    stream.on('trailers', (got) => (trailers = got));
    await new Promise((resolve) => stream.once('data', resolve));
    link.cutTunnel();
    await new Promise((resolve) => stream.once('close', resolve));
    const told = String((trailers as Record<string, unknown>)[FILE_HEADER.end] ?? '');
    if (told !== '') expect(Buffer.from(told, 'base64url').toString()).toMatch(/"outcome":"(cut|problem|shrank)"/u);
    expect(await refused(files.stat('/f'))).toMatchObject({ file: 'not_connected' });
  });

  test('an upload whose disk is full ends with those words', async () => {
    const temporary = '.netpilot-0123456789abcdef0123456789abcdef.part';
    exec = (command, channel) => {
      if (!command.includes('dd of=') && command.includes(temporary))
        return end(channel, batch('-', '-rw-------', 0, `/d/${temporary}`));
      channel.stderr.write(
        command.includes('dd of=')
          ? 'dd: error writing: No space left on device\n'
          : 'ls: /d/f: No such file or directory\n',
      );
      end(channel, '', 1);
    };
    const request = header({ uploadId: '0123456789abcdef0123456789abcdef', path: '/d/f', offset: 0 });
    const stream = await files.start('uploadBytes', { [FILE_HEADER.request]: request });
    stream.write(Buffer.alloc(100_000));
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until('the answer', () => text !== '');
    expect(JSON.parse(text)).toMatchObject({ code: 'file_failed', file: 'no_space' });
    cancel(stream);
  });
});

describe('an SFTP server that lies', () => {
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const text = (value: string) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
  const packet = (type: number, ...fields: Buffer[]) => {
    const body = Buffer.concat([Buffer.from([type]), ...fields]);
    return Buffer.concat([u32(body.length), body]);
  };
  /** Attributes of a folder or a file of 10 bytes. */
  const attrs = (mode: number) => Buffer.concat([u32(0x05), u32(0), u32(10), u32(mode)]);

  /** Greets, says where home is, and leaves the rest to the test. */
  const serve = (answer: (type: number, id: number, channel: ServerChannel) => Buffer | null) => {
    sftp = (channel) => {
      let rest = Buffer.alloc(0);
      channel.on('data', (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
          const length = rest.readUInt32BE();
          const type = rest[4] ?? 0;
          const id = type === 1 ? 0 : rest.readUInt32BE(5);
          rest = rest.subarray(4 + length);
          if (type === 1) channel.write(packet(2, u32(3)));
          else if (type === 16) channel.write(packet(104, u32(id), u32(1), text('/home'), text(''), u32(0)));
          else channel.write(answer(type, id, channel) ?? packet(101, u32(id), u32(2), text('No such file'), text('')));
        }
      });
    };
  };
  const folder = (names: readonly string[]) => {
    let given = false;
    serve((type, id) => {
      if (type === 17 || type === 7) return packet(105, u32(id), attrs(0o040755));
      if (type === 11) return packet(102, u32(id), text('h'));
      if (type !== 12) return null;
      if (given) return packet(101, u32(id), u32(1), text(''), text(''));
      given = true;
      const entries = names.flatMap((each) => [text(each), text('-rw-r--r-- lie'), attrs(0o100644)]);
      return packet(104, u32(id), u32(names.length), ...entries);
    });
  };

  test('names that no folder can hold are left out', async () => {
    folder(['good', '.', '..', '../evil', '/etc/passwd', 'a/b', 'nul\0', '', 'x'.repeat(300)]);
    const { entries, skipped } = await files.list('/x');
    expect(entries.map(({ name }) => name.text)).toEqual(['good']);
    expect(skipped).toBe(6);
    expect((await files.road()).road).toBe('sftp');
  });

  test.each<[string, (type: number, id: number) => Buffer]>([
    ['an answer nobody asked for', (_type, id) => packet(105, u32(id + 1_000), attrs(0o100644))],
    ['an answer of another kind', (_type, id) => packet(103, u32(id), text('data'))],
    ['a packet without end', () => Buffer.concat([u32(0x7fffffff), Buffer.alloc(100)])],
    ['a packet of nothing', () => u32(0)],
    ['attributes cut short', (_type, id) => packet(105, u32(id), u32(0x0d))],
  ])('%s is refused, and the next request is served by a new channel', async (_name, lie) => {
    let lying = false;
    serve((type, id) => (lying ? lie(type, id) : type === 7 ? packet(105, u32(id), attrs(0o100644)) : null));
    expect(await files.stat('/f')).toMatchObject({ type: 'file', size: 10 });
    lying = true;
    expect(await refused(files.stat('/f'))).toMatchObject({ file: 'failed' });
    lying = false;
    expect(await files.stat('/f')).toMatchObject({ type: 'file', size: 10 });
  });

  test('more bytes than were asked for are not taken', async () => {
    serve((type, id) => {
      if (type === 17 || type === 8) return packet(105, u32(id), attrs(0o100644));
      if (type === 3) return packet(102, u32(id), text('h'));
      return type === 5 ? packet(103, u32(id), text('x'.repeat(100_000))) : null;
    });
    const { end: told, bytes } = await files.read('/f', { length: 10 });
    expect(told).toMatchObject({ outcome: 'problem' });
    expect(bytes.length).toBeLessThanOrEqual(10);
  });
});
