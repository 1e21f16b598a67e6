import { Duplex } from 'node:stream';
import type { ServerChannel } from 'ssh2';

/** Bytes that may wait for the router's TCP connection before its channels stop taking more. */
export const TRANSPORT_BUFFER = 4 * 1024 * 1024;

/** The TCP connection below the channels, as far as back-pressure needs it. */
export interface Transport {
  readonly writableLength: number;
  once(event: 'drain', listener: () => void): unknown;
}

/**
 * A forwarded-tcpip channel as an ordinary byte stream. ssh2's own channel object, on the server's side, closes the channel when its
 * writing half ends and leaves the SSH window as the only bound on what is buffered; this one sends EOF only (RFC 4254, section 5.3),
 * and waits for the TCP connection as well, so that a router with a huge window that reads nothing cannot fill our memory.
 */
export class ForwardedChannel extends Duplex {
  readonly #channel: ServerChannel;
  readonly #transport: Transport;

  constructor(channel: ServerChannel, transport: Transport) {
    super({ allowHalfOpen: true, readableHighWaterMark: 256 * 1024, writableHighWaterMark: 256 * 1024 });
    this.#channel = channel;
    this.#transport = transport;
    channel.on('data', (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) channel.pause();
    });
    channel.once('end', () => this.push(null));
    channel.once('close', () => this.#closed());
    channel.on('error', (error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#transport.writableLength > TRANSPORT_BUFFER) {
      this.#transport.once('drain', () => this.#send(chunk, done));
    } else {
      this.#send(chunk, done);
    }
  }

  #send(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.destroyed) done();
    else this.#channel.write(chunk, done);
  }

  override _final(done: () => void): void {
    (this.#channel as ServerChannel & { eof(): void }).eof();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel.close();
    // What the router still sends until it answers the close must not stand in its window.
    this.#channel.resume();
    done(error);
  }

  #closed(): void {
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
    this.push(null);
  }
}
