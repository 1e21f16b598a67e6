import { createHash, randomUUID } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Database, Scope } from '@netpilot/db/database.ts';
import type { FileVersion as Row } from '@netpilot/db/models/file-version.ts';
import { Op } from 'sequelize';
import { MAX_VERSION_BYTES, VERSIONS_PER_FILE, type FileVersion } from '../../../contract/file-api.ts';
import type { RouterPath } from '../../../contract/router-path.ts';
import { notFound } from '../errors.ts';
import type { KeyRing } from '../secrets/key-ring.ts';

/** A version is forgotten after this, in milliseconds: an undo is for the mistake of today, not an archive of old passwords. */
const KEPT_MS = 30 * 86_400_000;
/** Versions kept of all files of one router, newest first. */
const VERSIONS_PER_ROUTER = 200;

/** The file whose versions are meant. */
export interface VersionedFile {
  readonly organisationId: string;
  readonly routerId: string;
  readonly path: RouterPath;
}

/** Earlier contents of edited files, sealed and bound to router and path (ADR 0013). */
export class FileVersions {
  readonly #database: Database;
  readonly #keyRing: KeyRing;

  constructor(database: Database, keyRing: KeyRing) {
    this.#database = database;
    this.#keyRing = keyRing;
  }

  /**
   * Keeps a content before it is saved over, and lets go of the oldest.
   * @param content at most {@link MAX_VERSION_BYTES}.
   * @returns forgets it again, for a save that did not go through.
   */
  async keep(
    file: VersionedFile,
    content: Buffer,
    author: { readonly userId: string; readonly name: string },
  ): Promise<() => Promise<void>> {
    if (content.length > MAX_VERSION_BYTES) throw new RangeError('a version over its bound');
    const id = randomUUID();
    const { organisationId, routerId, path } = file;
    // The key ring seals text; configuration shrinks to a third before that.
    const sealed = this.#keyRing.seal(deflateRawSync(content).toString('base64'), contextOf(id, file));
    const row = {
      id,
      organisationId,
      routerId,
      path,
      pathHash: hashOf(path),
      sealed,
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      userId: author.userId,
      userName: author.name,
    };
    const { FileVersion: table } = this.#database.models;
    await this.#database.transaction(scopeOf(file), async (transaction) => {
      await table.create(row, { transaction });
      const surplus = [
        ...(await table.findAll({ ...ofFile(file), offset: VERSIONS_PER_FILE, transaction })),
        ...(await table.findAll({ ...ofRouter(file), offset: VERSIONS_PER_ROUTER, transaction })),
      ].map((old) => old.id);
      const age = { createdAt: { [Op.lt]: new Date(Date.now() - KEPT_MS) } };
      await table.destroy({ where: { organisationId, [Op.or]: [{ id: surplus }, age] }, transaction });
    });
    return async () => {
      await this.#database.transaction(scopeOf(file), (transaction) => table.destroy({ where: { id }, transaction }));
    };
  }

  /** The kept versions of a file, newest first. */
  async list(file: VersionedFile): Promise<FileVersion[]> {
    const { FileVersion: table } = this.#database.models;
    const rows = await this.#database.transaction(scopeOf(file), (transaction) =>
      table.findAll({ ...ofFile(file), limit: VERSIONS_PER_FILE, transaction }),
    );
    return rows.filter(isKept).map(({ id, size, sha256, userName, createdAt }) => ({
      id,
      size,
      sha256,
      userName,
      createdAt: createdAt.toISOString(),
    }));
  }

  /**
   * One version with its content.
   * @throws ProblemError `not_found`; SealError when the row is not the one that was sealed.
   */
  async read(
    router: Omit<VersionedFile, 'path'>,
    id: string,
  ): Promise<{ path: RouterPath; content: Buffer; sha256: string }> {
    const { organisationId, routerId } = router;
    const row = await this.#database.transaction(scopeOf(router), (transaction) =>
      this.#database.models.FileVersion.findOne({ where: { id, organisationId, routerId }, transaction }),
    );
    if (row === null || !isKept(row)) throw notFound();
    const text = this.#keyRing.open(row.sealed, contextOf(id, { ...router, path: row.path }));
    const content = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_VERSION_BYTES });
    return { path: row.path, content, sha256: row.sha256 };
  }
}

const NEWEST: [string, string][] = [
  ['createdAt', 'DESC'],
  ['id', 'DESC'],
];

function ofRouter({ organisationId, routerId }: Omit<VersionedFile, 'path'>) {
  return { attributes: { exclude: ['sealed'] }, where: { organisationId, routerId }, order: NEWEST };
}

function ofFile(file: VersionedFile) {
  const all = ofRouter(file);
  return { ...all, where: { ...all.where, pathHash: hashOf(file.path) } };
}

function isKept(row: Pick<Row, 'createdAt'>): boolean {
  return row.createdAt.getTime() > Date.now() - KEPT_MS;
}

function hashOf(path: RouterPath): Buffer {
  return createHash('sha256').update(path).digest();
}

function contextOf(id: string, { routerId, path }: VersionedFile): string {
  return `file-version:${id}:${routerId}:${path}`;
}

function scopeOf({ organisationId }: Pick<VersionedFile, 'organisationId'>): Scope {
  return { organisations: [organisationId], userId: null };
}
