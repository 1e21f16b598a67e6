import type { Client, ClientChannel } from 'ssh2';

/** Milliseconds after which a command is no longer waited for: it goes on, and its end seldom meets the opening of another channel. */
const PATIENCE_MS = 2_000;

/**
 * @param ident the server's identification (RFC 4253, section 4.2); OpenWrt's Dropbear does not tell its version.
 * @returns true when channels have to be opened in turns: Dropbear 2022.82 to 2024.85, which OpenWrt 22.03 and 23.05 bring, closes every channel that
 * has no program yet when a program of another one ends, starts its program all the same, and ends the whole connection at the first byte
 * of its output (issues 173 and 321 of Dropbear).
 */
export function needsTurns(ident: string): boolean {
  if (!/^SSH-2\.0-dropbear/iu.test(ident)) return false;
  const [, year, release] = /_(\d{4})\.(\d{1,3})/u.exec(ident) ?? [];
  if (year === undefined) return true;
  const version = Number(year) * 1_000 + Number(release);
  return version >= 2_022_082 && version <= 2_024_085;
}

/** The line in which the channels of one connection are opened: the next one when the command before has ended or has run for a while. */
export class ChannelTurns {
  readonly #client: Pick<Client, 'unforwardIn'>;
  #last: Promise<void> = Promise.resolve();

  constructor(client: Pick<Client, 'unforwardIn'>) {
    this.#client = client;
  }

  /** @param open rejects without a channel; the next one has its turn then. */
  async command(open: () => Promise<ClientChannel>): Promise<ClientChannel> {
    const { channel, pass } = await this.#inTurn(open);
    const timer = setTimeout(pass, PATIENCE_MS);
    channel.once('close', () => {
      clearTimeout(timer);
      pass();
    });
    return channel;
  }

  /** For a program that stays, as a shell: nobody waits for its end. */
  async resident(open: () => Promise<ClientChannel>): Promise<ClientChannel> {
    const { channel, pass } = await this.#inTurn(open);
    pass();
    return channel;
  }

  async #inTurn(open: () => Promise<ClientChannel>): Promise<{ channel: ClientChannel; pass: () => void }> {
    const before = this.#last;
    let pass: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      pass = resolve;
    });
    await before;
    try {
      // A request that asks for nothing and has no answer. Dropbear tells of an end before it has done with it, and takes one message a round:
      // this one is taken in the round in which it has.
      this.#client.unforwardIn('', 0);
      return { channel: await open(), pass };
    } catch (error) {
      pass();
      throw error;
    }
  }
}
