import { Readable } from 'node:stream';
import type { FileCount, FileDigest, FileRoadView, FileSpace } from '@netpilot/control-plane/contract/files.ts';
import { encodeRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { RouterConnection } from '../../ssh/router-connection.ts';
import { pack } from 'tar-stream';
import type { ArchiveEntry } from '../archive-entries.ts';
import { failureOf, FileFailure } from '../file-failure.ts';
import { repack } from '../repack.ts';
import type { Batch, ByteRange, FileAttributes, FileRoad, OpenRead, Replacement } from '../file-road.ts';
import { BLOCK, splitPath } from '../paths.ts';
import { lineOfVersion } from '../version.ts';
import { parseDigest, parseSpace, sizeIn } from './answers.ts';
import { ListingParser, parseLine } from './listing.ts';
import type { ParsedBatch } from './listing.ts';
import { askScript, checkExit, startScript } from './run-script.ts';
import type { AnswerOptions, Variables } from './run-script.ts';
import { SCRIPTS } from './scripts.ts';
import type { ShellFacts } from './shell-facts.ts';

/** Bytes of names of links whose targets are asked for by themselves, for one batch: a command line is bounded. */
const MAX_TARGET_NAMES = 2_000;

/** Files over plain commands. */
export class ShellRoad implements FileRoad {
  readonly view: FileRoadView;
  readonly #connection: RouterConnection;
  readonly #facts: ShellFacts;

  constructor(connection: RouterConnection, facts: ShellFacts) {
    this.#connection = connection;
    this.#facts = facts;
    this.view = { road: 'shell', bytes: 'shell', home: encodeRouterPath(facts.home) };
  }

  async *list(folder: Buffer, signal: AbortSignal): AsyncGenerator<Batch> {
    let first = true;
    for await (const batch of this.#batches(SCRIPTS.list, { D: folder }, folder, signal)) {
      if (!first) {
        yield batch;
        continue;
      }
      first = false;
      yield { ...batch, entries: batch.entries.map((entry) => ({ ...entry, name: Buffer.alloc(0) })) };
    }
  }

  async stat(path: Buffer, follow: boolean): Promise<FileAttributes> {
    const stdout = await this.#ask(SCRIPTS.stat, { P: path, L: follow ? 'L' : '' });
    const [batch] = new ListingParser().push(stdout, true);
    const entry = batch?.entries[0];
    if (!batch || !entry) throw new FileFailure('vanished');
    if (batch.blurred.length === 0) return entry;
    const { folder, name } = splitPath(path);
    const [sharp] = await this.#sharpen(
      { ...batch, entries: [{ ...entry, name }], blurred: [{ ...entry, name }] },
      folder,
    );
    return sharp ?? entry;
  }

  async realPath(path: Buffer): Promise<Buffer> {
    const stdout = await this.#ask(SCRIPTS.realPath, { P: path });
    const real = stdout.subarray(0, -2);
    if (real[0] !== 0x2f) throw new FileFailure('vanished');
    return real;
  }

  async read(path: Buffer, { offset, length }: ByteRange): Promise<OpenRead> {
    if (offset === 0 && length === null) {
      const open = requireFile(await this.#open(SCRIPTS.readAll, { P: path }));
      return { ...open, length: open.attributes.size === 0 ? null : open.attributes.size };
    }
    const variables = { P: path, F: offset, C: length ?? Number.MAX_SAFE_INTEGER };
    const open = requireFile(await this.#open(SCRIPTS.readRange, variables));
    const left = Math.max(0, open.attributes.size - offset);
    return { ...open, length: Math.min(left, length ?? left) };
  }

  async follow(path: Buffer, back: number): Promise<OpenRead> {
    return { ...requireFile(await this.#open(SCRIPTS.follow, { P: path, C: back })), length: null };
  }

  async tar(path: Buffer): Promise<OpenRead> {
    if (!this.#facts.tar) throw new FileFailure('not_supported', 'The router has no tar.');
    return { ...(await this.#open(SCRIPTS.tar, namesOf(path))), length: null };
  }

  async *search(folder: Buffer, text: string, signal: AbortSignal): AsyncGenerator<Batch> {
    const pattern = `*${text.replaceAll(/[\\*?[\]]/gu, '\\$&')}*`;
    yield* this.#batches(SCRIPTS.search, { D: folder, G: pattern }, folder, signal);
  }

  async createFolder(path: Buffer): Promise<void> {
    await this.#ask(SCRIPTS.createFolder, namesOf(path));
  }

  async createFile(path: Buffer): Promise<void> {
    await this.#ask(SCRIPTS.createFile, namesOf(path));
  }

  async rename(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer): Promise<void> {
    await this.#ask(SCRIPTS.rename, { ...namesOf(path), T: to, M: temporary, R: replace ? 1 : 0 }, { patient: true });
  }

  async copy(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer, signal: AbortSignal): Promise<void> {
    const variables = { ...namesOf(path), T: to, M: temporary, R: replace ? 1 : 0 };
    await this.#ask(SCRIPTS.copy, variables, { patient: true, signal });
  }

  async remove(path: Buffer, recursive: boolean, signal: AbortSignal): Promise<void> {
    await this.#ask(SCRIPTS.remove, { ...namesOf(path), R: recursive ? 1 : 0 }, { patient: true, signal });
  }

  async chmod(path: Buffer, mode: number): Promise<void> {
    await this.#ask(SCRIPTS.chmod, { ...namesOf(path), X: octal(mode) });
  }

  async count(path: Buffer, signal: AbortSignal): Promise<FileCount> {
    const stdout = await this.#ask(SCRIPTS.count, namesOf(path), { patient: true, signal });
    const parts = /^(\d{1,15}) (\d{1,15})\n$/u.exec(stdout.toString('latin1'));
    if (!parts) throw new FileFailure('failed', 'The router cannot count.');
    return { entries: Number(parts[1]), bytes: Number(parts[2]), complete: true };
  }

  async sha256(path: Buffer, signal: AbortSignal): Promise<FileDigest> {
    if (this.#facts.sum === null) throw new FileFailure('not_supported', 'The router has no sha256sum.');
    const stdout = await this.#ask(SCRIPTS.sha256, { P: path }, { patient: true, signal });
    const digest = parseDigest(stdout.toString('latin1'));
    return { sha256: digest, size: (await this.stat(path, true)).size };
  }

  async space(path: Buffer): Promise<FileSpace> {
    const stdout = await this.#ask(SCRIPTS.space, { P: path });
    return parseSpace(stdout.toString('latin1'));
  }

  async openTemporary(path: Buffer): Promise<number> {
    const stdout = await this.#ask(SCRIPTS.openTemporary, namesOf(path));
    return sizeIn(stdout);
  }

  async writeTemporary(path: Buffer, offset: number, body: Readable): Promise<number> {
    const variables = { ...namesOf(path), F: offset / BLOCK };
    const stdout = await this.#ask(SCRIPTS.writeTemporary, variables, { patient: true, input: body });
    return sizeIn(stdout);
  }

  async replace({ temporary, path, expect, size, sha256, mode, owner }: Replacement): Promise<void> {
    if (this.#facts.sum === null) throw new FileFailure('not_supported', 'The router has no sha256sum.');
    const wanted =
      expect.type === 'content' ? expect.sha256 : expect.type === 'version' ? lineOfVersion(expect.version) : '';
    await this.#ask(
      SCRIPTS.replace,
      {
        ...namesOf(path),
        M: Buffer.concat([Buffer.from('./'), splitPath(temporary).name]),
        Z: size,
        H: sha256,
        X: octal(mode),
        // Without the owner that they were meant for, set-user-id and its like would be somebody else's rights.
        Y: octal(mode & 0o777),
        U: owner ? `${owner.uid}:${owner.gid}` : '',
        V: expect.type,
        W: wanted,
      },
      { patient: true },
    );
  }

  async removeTemporary(path: Buffer): Promise<void> {
    await this.#ask(SCRIPTS.removeTemporary, namesOf(path));
  }

  async unpack(_folder: Buffer, temporary: Buffer, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
    if (!this.#facts.tar) throw new FileFailure('not_supported', 'The router has no tar.');
    const archive = pack();
    const packed = repack(entries, archive);
    // Whoever fails first is told of; the other one ends with it.
    packed.catch(() => archive.destroy());
    try {
      const unpacked = this.#ask(SCRIPTS.unpack, namesOf(temporary), {
        patient: true,
        input: Readable.from(archive as AsyncIterable<Buffer>),
      }).catch((error: unknown) => {
        archive.destroy();
        throw error;
      });
      const [first] = (await Promise.allSettled([unpacked, packed])).filter((each) => each.status === 'rejected');
      const refused = await packed.then(
        () => null,
        (error: unknown) => (error instanceof FileFailure ? error : null),
      );
      if (first) throw refused ?? first.reason;
      await this.#ask(SCRIPTS.merge, namesOf(temporary), { patient: true });
    } catch (error) {
      await this.remove(temporary, true, new AbortController().signal).catch(() => undefined);
      throw error;
    }
  }

  #variables(variables: Variables): Variables {
    return { Q: this.#facts.quietLs ? 'q' : '', S: this.#facts.sum ?? '', ...variables };
  }

  #ask(script: string, variables: Variables, options: AnswerOptions = {}): Promise<Buffer> {
    return askScript(this.#connection, this.#variables(variables), script, options);
  }

  /** Starts a script that says what it found in one batch and then gives bytes. */
  async #open(script: string, variables: Variables): Promise<Omit<OpenRead, 'length'>> {
    const running = await startScript(this.#connection, this.#variables(variables), script);
    const { channel } = running;
    const parser = new ListingParser();
    try {
      const entry = await new Promise<FileAttributes>((resolve, reject) => {
        const take = (chunk: Buffer) => {
          try {
            const [batch] = parser.push(chunk, true);
            if (!batch) return;
            channel.pause();
            detach();
            const found = batch.entries[0];
            if (!found) {
              // Its words and its exit code are still to come.
              channel.resume();
              return void running.exited.then(refuse);
            }
            const rest = parser.takeRest();
            if (rest.length > 0) channel.unshift(rest);
            resolve(found);
          } catch (error) {
            reject(error as Error);
          }
        };
        const refuse = (code: number | null) => {
          try {
            checkExit(code, running.stderr());
          } catch (error) {
            return reject(error as Error);
          }
          reject(new FileFailure('failed', 'The router did not say what it reads.'));
        };
        const detach = () => {
          channel.off('data', take);
          channel.off('end', ended);
        };
        const ended = () => void running.exited.then(refuse);
        channel.on('data', take);
        channel.on('end', ended);
      });
      return {
        attributes: entry,
        body: channel,
        async ended() {
          const code = await running.exited;
          checkExit(code, running.stderr());
          const last = running.stderr().trimEnd().split('\n').at(-1) ?? '';
          const line = parseLine(last);
          return { after: line && { ...line.attributes, target: null } };
        },
      };
    } catch (error) {
      running.stop();
      throw error;
    }
  }

  async *#batches(script: string, variables: Variables, folder: Buffer, signal: AbortSignal): AsyncGenerator<Batch> {
    const running = await startScript(this.#connection, this.#variables(variables), script);
    const { channel } = running;
    signal.addEventListener('abort', running.stop, { once: true });
    if (script === SCRIPTS.list) channel.end();
    const parser = new ListingParser();
    let found = 0;
    try {
      for await (const chunk of channel as AsyncIterable<Buffer>) {
        for (const batch of parser.push(chunk)) {
          found += batch.entries.length;
          yield { entries: await this.#sharpen(batch, folder), skipped: batch.skipped };
        }
      }
      const code = await running.exited;
      signal.throwIfAborted();
      const stderr = running.stderr();
      // 123 is of xargs: some entries were gone before `ls` came to them.
      if (code !== 0 && code !== 123) checkExit(code, stderr);
      const refused = stderr.split('\n').filter((line) => /permission denied$|operation not permitted$/iu.test(line));
      if (script === SCRIPTS.list && found <= 1 && refused.length > 0) throw failureOf(stderr);
      if (!parser.idle) throw new FileFailure('failed', 'The listing was cut off.');
      yield { entries: [], skipped: script === SCRIPTS.list ? 0 : refused.length };
    } finally {
      signal.removeEventListener('abort', running.stop);
      running.stop();
    }
  }

  /** Takes `./` off names, and asks for targets that `ls` did not print as they are. */
  async #sharpen(batch: ParsedBatch, folder: Buffer): Promise<Batch['entries']> {
    const plain = batch.entries.map((entry) => ({ ...entry, name: withoutDot(entry.name) }));
    let room = MAX_TARGET_NAMES;
    const wanted = batch.blurred.filter(({ name }) => (room -= name.length * 5 + 20) >= 0);
    if (wanted.length === 0) return plain;
    const names: Record<string, Buffer> = {};
    for (const [index, { name }] of wanted.entries()) names[`A${index}`] = name;
    const words = Object.keys(names).map((name) => `"$${name}"`);
    const script = `set -- ${words.join(' ')}\n${SCRIPTS.targets}`;
    const stdout = await this.#ask(script, { D: folder, ...names });
    const targets = stdout.toString('latin1').split('\0');
    const sharp = new Map(
      wanted.map((entry, index) => [withoutDot(entry.name).toString('latin1'), targets[index] ?? '']),
    );
    return plain.map((entry) => {
      const target = sharp.get(entry.name.toString('latin1'));
      if (!entry.target || !target) return entry;
      return { ...entry, target: { ...entry.target, name: Buffer.from(target, 'latin1') } };
    });
  }
}

/** Lets go of what is no regular file; the script does not open it either. */
function requireFile<T extends Pick<OpenRead, 'attributes' | 'body'>>(open: T): T {
  const { type } = open.attributes;
  if (type === 'file') return open;
  open.body.destroy();
  throw new FileFailure(type === 'folder' ? 'is_directory' : 'special');
}

function namesOf(path: Buffer): { D: Buffer; N: Buffer } {
  const { folder, name } = splitPath(path);
  return { D: folder, N: Buffer.concat([Buffer.from('./'), name]) };
}

function withoutDot(name: Buffer): Buffer {
  return name[0] === 0x2e && name[1] === 0x2f ? name.subarray(2) : name;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
