import { isPlainName } from '@netpilot/control-plane/contract/router-path.ts';
import { FileFailure } from '../file-failure.ts';
import type { Batch, FileAttributes, NamedAttributes } from '../file-road.ts';
import { joinPath } from '../paths.ts';
import { STATUS, string, TYPE } from './packets.ts';
import type { Reply, SftpClient } from './sftp-client.ts';
import { StatusError } from './sftp-client.ts';
import { sftpFailure } from './sftp-failure.ts';

/** READDIRs on the way: each takes a round trip and brings some hundred names. */
const LISTING_AHEAD = 4;
const DOT = Buffer.from('.');
const DOT_DOT = Buffer.from('..');

/** What is in a folder, without itself and its parent. @throws FileFailure; what `signal` was aborted with */
export async function* listFolder(client: SftpClient, folder: Buffer, signal: AbortSignal): AsyncGenerator<Batch> {
  const handle = await client.handle(TYPE.opendir, string(folder)).catch((error: unknown) => {
    throw sftpFailure(error);
  });
  try {
    const ahead: Promise<Reply | null>[] = [];
    const ask = () => {
      const asked = client.request(TYPE.readdir, string(handle)).catch((error: unknown) => {
        if (error instanceof StatusError && error.status === STATUS.eof) return null;
        throw sftpFailure(error);
      });
      // Whoever stops early leaves answers behind.
      asked.catch(() => undefined);
      ahead.push(asked);
    };
    for (let count = 0; count < LISTING_AHEAD; count++) ask();
    for (let next = ahead.shift(); next; next = ahead.shift()) {
      const reply = await next;
      signal.throwIfAborted();
      if (!reply) return;
      ask();
      yield await batchOf(client, folder, reply);
    }
  } finally {
    client.release(handle);
  }
}

async function batchOf(client: SftpClient, folder: Buffer, { type, reader }: Reply): Promise<Batch> {
  if (type !== TYPE.name) throw new FileFailure('failed', 'The SFTP server sent an answer of another kind.');
  const entries: Promise<NamedAttributes>[] = [];
  let skipped = 0;
  try {
    for (let count = reader.u32(); count > 0; count--) {
      const name = Buffer.from(reader.string());
      reader.string();
      const attributes = reader.attributes();
      if (name.equals(DOT) || name.equals(DOT_DOT)) continue;
      if (!isPlainName(name)) {
        skipped++;
        continue;
      }
      const target = attributes.type === 'link' ? targetOf(client, joinPath(folder, name)) : null;
      entries.push(Promise.resolve(target).then((found) => ({ ...attributes, name, target: found })));
    }
  } catch (error) {
    throw sftpFailure(error);
  }
  return { entries: await Promise.all(entries), skipped };
}

/** Where a link points, and what is there; a link that is gone meanwhile points nowhere. */
export async function targetOf(client: SftpClient, path: Buffer): Promise<FileAttributes['target']> {
  const [name, there] = await Promise.all([
    client
      .request(TYPE.readlink, string(path))
      .then(firstName)
      .catch(() => Buffer.alloc(0)),
    client
      .expect(TYPE.attrs, TYPE.stat, string(path))
      .then((reader) => reader.attributes().type)
      .catch(() => null),
  ]);
  const leadsTo = there === null ? 'nothing' : there === 'file' || there === 'folder' ? there : 'special';
  return { name, leadsTo };
}

/** The name that an answer with one name gives. @throws FileFailure */
export function firstName({ reader }: Reply): Buffer {
  if (reader.u32() < 1) throw new FileFailure('failed', 'The SFTP server named nothing.');
  return Buffer.from(reader.string());
}
