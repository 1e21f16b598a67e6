import { FileExpectation, FileUploadRef } from '@netpilot/control-plane/contract/files.ts';
import { Id } from '@netpilot/control-plane/contract/identifiers.ts';
import { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { z } from 'zod';

const KEY = 'netpilot-uploads';
/** Uploads that are remembered; the oldest go first. */
const MAX_KEPT = 50;

/** What a page must know of an upload to go on with it after it was reloaded: all but the file itself, which no page may keep. */
const UnfinishedUpload = z.strictObject({
  userId: Id,
  routerId: Id,
  uploadId: FileUploadRef.shape.uploadId,
  path: RouterPath,
  /** As people read it: the way of the file below what they chose. */
  name: z.string().max(8_192),
  size: z.int().min(0),
  /** Milliseconds since 1970, as the browser says of the file. */
  modifiedAt: z.number(),
  expect: FileExpectation,
});
export type UnfinishedUpload = z.infer<typeof UnfinishedUpload>;

/** What a tab remembers for as long as it is open, reloads included; another person in the same tab sees nothing of it. */
export class UnfinishedUploads {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>;
  readonly #userId: string;
  readonly #routerId: string;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>, userId: string, routerId: string) {
    this.#storage = storage;
    this.#userId = userId;
    this.#routerId = routerId;
  }

  /** Those of this person to this router, oldest first. */
  list(): UnfinishedUpload[] {
    return this.#read().filter((each) => this.#isMine(each));
  }

  keep(upload: Omit<UnfinishedUpload, 'userId' | 'routerId'>): void {
    const others = this.#read().filter(({ uploadId }) => uploadId !== upload.uploadId);
    this.#write([...others, { ...upload, userId: this.#userId, routerId: this.#routerId }].slice(-MAX_KEPT));
  }

  forget(uploadId: string): void {
    this.#write(this.#read().filter((each) => each.uploadId !== uploadId || !this.#isMine(each)));
  }

  #isMine({ userId, routerId }: UnfinishedUpload): boolean {
    return userId === this.#userId && routerId === this.#routerId;
  }

  /** Nothing when what is stored is not ours: an older page's, or somebody's. */
  #read(): UnfinishedUpload[] {
    try {
      return z.array(UnfinishedUpload).parse(JSON.parse(this.#storage.getItem(KEY) ?? '[]'));
    } catch {
      return [];
    }
  }

  #write(uploads: readonly UnfinishedUpload[]): void {
    try {
      this.#storage.setItem(KEY, JSON.stringify(uploads));
    } catch {
      // Without storage an upload lasts as long as the page.
    }
  }
}

/** Whether a file is the one that was on its way, as far as a browser can tell; its sum says at the end whether it was. */
export function isSameFile({ name, size, modifiedAt }: UnfinishedUpload, file: File): boolean {
  return file.size === size && file.lastModified === modifiedAt && name.split('/').at(-1) === file.name;
}
