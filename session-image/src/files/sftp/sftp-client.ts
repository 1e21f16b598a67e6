import type { RouterChannel, RouterConnection } from '../../ssh/router-connection.ts';
import { FileFailure } from '../file-failure.ts';
import { PacketError, PacketReader, STATUS, string, TYPE, u32 } from './packets.ts';

/** No packet of a server is longer: OpenSSH's own bound is 256 KiB. */
const MAX_PACKET = 262_144 + 1_024;
/** What every server must take (draft-ietf-secsh-filexfer-02, section 3), less the packet's own fields. */
const PLAIN_TRANSFER = 32_768;
/** Bytes of one READ or WRITE where the server says that it takes more: larger ones gain nothing. */
const LARGE_TRANSFER = 131_072;
/** Milliseconds a server may be silent while something is asked. */
const PATIENCE_MS = 60_000;
/** Requests on the way; the callers' own windows are far below. */
const MAX_WAITING = 2_048;

export interface Reply {
  readonly type: number;
  readonly reader: PacketReader;
}

/** A status that is no success, as the server gave it. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/**
 * A client of SFTP version 3 on a channel of its own. ssh2's client takes names for UTF-8 and has a window of its own making; here names are
 * bytes and the caller decides how many requests are on the way. Owner of the channel.
 */
export class SftpClient {
  /** Bytes that one READ asks for and one WRITE carries. */
  transfer = PLAIN_TRANSFER;
  readonly #channel: RouterChannel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #extensions = new Set<string>();
  #nextId = 0;
  #head = Buffer.alloc(4);
  #headLength = 0;
  #packet: Buffer | null = null;
  #packetLength = 0;
  #over: Error | null = null;
  #timer: NodeJS.Timeout | undefined;
  #version: Waiting | null = null;

  private constructor(channel: RouterChannel) {
    this.#channel = channel;
    channel.on('data', (chunk: Buffer) => this.#take(chunk));
    channel.stderr.resume();
    channel.once('close', () => this.#end(new FileFailure('failed', 'The SFTP server ended.')));
  }

  /**
   * @throws ProblemError `router_refused` when there is no such subsystem, FileFailure when it is no SFTP server
   */
  static async open(connection: RouterConnection): Promise<SftpClient> {
    const client = new SftpClient(await connection.openSubsystem('sftp'));
    try {
      await client.#greet();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  get open(): boolean {
    return this.#over === null;
  }

  /** True when bytes should wait for {@link drained}. */
  get full(): boolean {
    return this.#channel.writableNeedDrain;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#channel.off('drain', done);
        this.#channel.off('close', done);
        resolve();
      };
      this.#channel.once('drain', done);
      this.#channel.once('close', done);
      if (!this.full || this.#over) done();
    });
  }

  supports(extension: string): boolean {
    return this.#extensions.has(extension);
  }

  /** @throws StatusError for a status that is no success, FileFailure when the server is gone or no good */
  request(type: number, ...fields: readonly Buffer[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      if (this.#waiting.size >= MAX_WAITING) return reject(new FileFailure('busy', 'Too much is asked at once.'));
      const id = this.#nextId;
      this.#nextId = (this.#nextId + 1) >>> 0;
      this.#waiting.set(id, { resolve, reject });
      this.#timer ??= setTimeout(() => this.#silent(), PATIENCE_MS);
      const length = fields.reduce((sum, field) => sum + field.length, 5);
      this.#channel.write(Buffer.concat([u32(length), Buffer.from([type]), u32(id), ...fields]));
    });
  }

  /** A request whose answer must be of one kind. */
  async expect(kind: number, type: number, ...fields: readonly Buffer[]): Promise<PacketReader> {
    const reply = await this.request(type, ...fields);
    if (reply.type !== kind) throw this.#refuse('an answer of another kind');
    return reply.reader;
  }

  async handle(type: number, ...fields: readonly Buffer[]): Promise<Buffer> {
    const handle = Buffer.from((await this.expect(TYPE.handle, type, ...fields)).string());
    if (handle.length > 256) throw this.#refuse('a handle that is too long');
    return handle;
  }

  /** Lets a handle go; what the server says of that changes nothing. */
  release(handle: Buffer): void {
    this.request(TYPE.close, string(handle)).catch(() => undefined);
  }

  extended(name: string, ...fields: readonly Buffer[]): Promise<Reply> {
    return this.request(TYPE.extended, string(name), ...fields);
  }

  close(): void {
    this.#end(new FileFailure('failed', 'The SFTP connection was closed.'));
  }

  /** Ends a server that does not keep to the protocol. */
  #refuse(what: string): FileFailure {
    const failure = new FileFailure('failed', `The SFTP server sent ${what}.`);
    this.#end(failure);
    return failure;
  }

  async #greet(): Promise<void> {
    const answered = new Promise<Reply>((resolve, reject) => (this.#version = { resolve, reject }));
    this.#timer = setTimeout(() => this.#silent(), PATIENCE_MS);
    this.#channel.write(Buffer.concat([u32(5), Buffer.from([TYPE.init]), u32(3)]));
    const { reader } = await answered;
    if (reader.u32() !== 3) throw this.#refuse('another version');
    while (reader.left > 0 && this.#extensions.size < 64) {
      this.#extensions.add(reader.string().toString('latin1').slice(0, 100));
      reader.string();
    }
    if (!this.supports('limits@openssh.com')) return;
    const limits = await this.extended('limits@openssh.com').catch(() => null);
    if (limits?.type !== TYPE.extendedReply) return;
    limits.reader.u64();
    const most = Math.min(limits.reader.u64(), limits.reader.u64());
    this.transfer = Math.max(PLAIN_TRANSFER, Math.min(most, LARGE_TRANSFER));
  }

  #silent(): void {
    this.#end(new FileFailure('failed', 'The SFTP server does not answer.'));
  }

  #end(error: Error): void {
    if (this.#over) return;
    this.#over = error;
    clearTimeout(this.#timer);
    this.#version?.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#channel.removeAllListeners('data').resume();
    this.#channel.close();
  }

  /** Puts packets together; the one being received is the only copy made. */
  #take(chunk: Buffer): void {
    let from = 0;
    try {
      while (from < chunk.length && !this.#over) {
        if (this.#packet === null) {
          const part = chunk.subarray(from, from + 4 - this.#headLength);
          this.#head.set(part, this.#headLength);
          this.#headLength += part.length;
          from += part.length;
          if (this.#headLength < 4) return;
          const length = this.#head.readUInt32BE();
          if (length < 5 || length > MAX_PACKET) throw new PacketError('a packet of a wrong length');
          this.#packet = Buffer.allocUnsafe(length);
          this.#packetLength = 0;
          this.#headLength = 0;
        }
        const part = chunk.subarray(from, from + this.#packet.length - this.#packetLength);
        this.#packet.set(part, this.#packetLength);
        this.#packetLength += part.length;
        from += part.length;
        if (this.#packetLength < this.#packet.length) return;
        const packet = this.#packet;
        this.#packet = null;
        this.#packetDone(packet);
      }
    } catch (error) {
      this.#refuse(error instanceof PacketError ? error.message : 'what cannot be read');
    }
  }

  #packetDone(packet: Buffer): void {
    const type = packet[0] ?? 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#version) {
      const { resolve } = this.#version;
      if (type !== TYPE.version) throw new PacketError('no greeting');
      this.#version = null;
      return resolve({ type, reader: new PacketReader(packet, 1) });
    }
    const reader = new PacketReader(packet, 1);
    const id = reader.u32();
    const waiting = this.#waiting.get(id);
    if (!waiting) throw new PacketError('an answer that nobody asked for');
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#silent(), PATIENCE_MS);
    if (type !== TYPE.status) return waiting.resolve({ type, reader });
    const status = reader.u32();
    if (status === STATUS.ok) return waiting.resolve({ type, reader });
    const words = reader.left >= 4 ? reader.string().toString('utf8').slice(0, 500) : '';
    waiting.reject(new StatusError(status, words));
  }
}
