import { connect, createServer, type Server, type Socket } from 'node:net';

/** The name lists of an SSH_MSG_KEXINIT (RFC 4253, section 7.1), as far as a test looks at them. */
export interface Offer {
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
}

const KEXINIT = 20;
/** Behind the message number and the cookie. */
const FIRST_LIST = 17;

/** Reads the identification line and the first packet of whoever is on the other side; both are sent in the clear. */
function readOffer(socket: Socket): Promise<Offer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed before its offer')));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\n') + 1;
      if (end === 0 || bytes.length < end + 6) return;
      const length = bytes.readUInt32BE(end);
      const payload = bytes.subarray(end + 5, end + 4 + length);
      if (bytes.length < end + 4 + length) return;
      if (payload[0] !== KEXINIT) reject(new Error(`message ${payload[0]} came first`));
      else resolve(parseOffer(payload));
      socket.destroy();
    });
  });
}

function parseOffer(payload: Buffer): Offer {
  const lists: string[][] = [];
  for (let at = FIRST_LIST; lists.length < 8;) {
    const length = payload.readUInt32BE(at);
    lists.push(payload.toString('latin1', at + 4, at + 4 + length).split(','));
    at += 4 + length;
  }
  const [kex = [], , toServer = [], toClient = [], macsToServer = [], macsToClient = []] = lists;
  return { kex, ciphers: [...toServer, ...toClient], macs: [...macsToServer, ...macsToClient] };
}

/** What an SSH server offers to a client that has only said hello. */
export function offerOfServer(port: number): Promise<Offer> {
  const socket = connect(port, '127.0.0.1');
  socket.write('SSH-2.0-scanner\r\n');
  return readOffer(socket);
}

/** An SSH server that says hello and listens to what clients offer. */
export class ListeningServer {
  readonly offers: Offer[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      socket.write('SSH-2.0-dropbear_2014.63\r\n');
      readOffer(socket).then(
        (offer) => this.offers.push(offer),
        () => undefined,
      );
    });
  }

  static async start(port: number): Promise<ListeningServer> {
    const listening = new ListeningServer();
    await new Promise<void>((resolve, reject) => {
      listening.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return listening;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
