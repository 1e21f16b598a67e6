/** A file or an empty folder that a person chose, with its way below what they chose. */
export interface Chosen {
  readonly path: readonly string[];
  /** Null for a folder. */
  readonly file: File | null;
}

/** Entries of one choice; more are not taken, so that a mistaken drop of a whole disk ends. */
const MAX_CHOSEN = 50_000;

/** @returns what an `<input type="file">` holds; with `webkitdirectory` the files know their folders. */
export function chosenByInput(files: FileList): Chosen[] {
  return [...files].slice(0, MAX_CHOSEN).map((file) => ({
    path: (file.webkitRelativePath || file.name).split('/'),
    file,
  }));
}

/**
 * What was dropped, folders with all in them. Must be called in the event itself: afterwards the items are gone.
 * @returns the entries; rejects when the browser may not read one.
 */
export function chosenByDrop(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Chosen[] = [];
  return entries
    .reduce((before, entry) => before.then(() => walk(entry, [], found)), Promise.resolve())
    .then(() => found);
}

async function walk(entry: FileSystemEntry, above: readonly string[], found: Chosen[]): Promise<void> {
  if (found.length >= MAX_CHOSEN) return;
  const path = [...above, entry.name];
  if (isFileEntry(entry)) {
    found.push({ path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  found.push({ path, file: null });
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a hundred at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await walk(each, path, found);
  }
}

function isFileEntry(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
